import type { ConfigError } from './config-error.ts';
import type { PostgresTargetAddress } from './resource.ts';

type Server = Pick<PostgresTargetAddress, 'account' | 'region' | 'resourceId' | 'host' | 'port'>;

/** What holds for the server as a whole, whichever database of it a resource is. */
interface OnServer {
  readonly env: string;
  readonly target: Server &
    Pick<PostgresTargetAddress, 'database' | 'auth'> & { readonly adminSecretArn?: string | undefined };
}

/** What these checks need of a resource, as it stands in `resources.yaml`. */
interface Shared {
  readonly sensitive: readonly {
    readonly column: string;
    readonly category: string;
    readonly mask: unknown;
  }[];
  readonly target: Server &
    Pick<PostgresTargetAddress, 'database' | 'templateRole' | 'objectOwner'> & {
      readonly maskedTemplateRole?: string | undefined;
      readonly runRoles: { readonly read?: string | undefined; readonly write?: string | undefined };
    };
}

/** What one resource says against those before it, by their places in the file, that stand on the same server. */
export const sharedServerMistakes = (
  one: Shared,
  earlier: readonly (readonly [number, Shared])[],
): readonly ConfigError[] =>
  earlier.flatMap(([at, other]) =>
    isSameServer(one.target, other.target)
      ? [...twinMistakes(one, { ...other, at }), ...heirMistakes(one, { ...other, at })]
      : [],
  );

/** The same, of what databases of every make have in common. */
export const sameServerMistakes = (
  one: OnServer,
  earlier: readonly (readonly [number, OnServer])[],
): readonly ConfigError[] =>
  earlier.flatMap(([at, other]) =>
    isSameServer(one.target, other.target)
      ? [...environmentMistakes(one, { ...other, at }), ...loginMistakes(one, { ...other, at })]
      : [],
  );

type EarlierOnServer = OnServer & { readonly at: number };

const environmentMistakes = (one: OnServer, other: EarlierOnServer): readonly ConfigError[] =>
  one.target.database !== other.target.database || one.env === other.env
    ? []
    : [
        {
          path: 'env',
          message: `"env" must be "${other.env}", as of ${twin(other)}: it has one set of guard rails.`,
        },
      ];

/** A server has one administrator of ours, which logs in in one way. */
const loginMistakes = (one: OnServer, other: EarlierOnServer): readonly ConfigError[] =>
  (['auth', 'adminSecretArn'] as const)
    .filter((field) => one.target[field] !== other.target[field])
    .map((field) => ({
      path: `target.${field}`,
      message: `"${field}" must be that of resources[${other.at}], which is on the same server.`,
    }));

const twin = ({ at }: { readonly at: number }): string => `resources[${at}], which is the same database`;

type Earlier = Shared & { readonly at: number };

/** By what IAM knows it by, or by what is connected to: two ids in front of one host would be one server too. */
const isSameServer = (one: Server, other: Server): boolean =>
  (one.resourceId === other.resourceId && one.account === other.account && one.region === other.region) ||
  (one.host === other.host && one.port === other.port);

/** One database under two descriptions is as open as the weaker of them: its masks, as its rails, must be the same in both. */
const twinMistakes = (one: Shared, other: Earlier): readonly ConfigError[] => {
  if (one.target.database !== other.target.database) return [];
  return listOf(one) === listOf(other)
    ? []
    : [{ path: 'sensitive', message: `"sensitive" must say the same as that of ${twin(other)}.` }];
};

const listOf = ({ sensitive }: Shared): string =>
  JSON.stringify(
    sensitive
      .map(({ column, category, mask }) => [column, category, mask])
      .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
  );

/** Roles belong to the server and not to a database, so a login of one resource could change what another left behind. */
const heirMistakes = (one: Shared, other: Earlier): readonly ConfigError[] => {
  const mend = `must be another role than those whose rights grants of`;
  const heir = grantedBy(other).includes(one.target.objectOwner);
  const granted = grantedBy(one).includes(other.target.objectOwner);
  return [
    ...(heir
      ? [
          {
            path: 'target.objectOwner',
            message: `"objectOwner" ${mend} resources[${other.at}] have, which is on the same server.`,
          },
        ]
      : []),
    ...(granted
      ? [
          {
            path: 'target',
            message: `"${other.target.objectOwner}" is the "objectOwner" of resources[${other.at}], which is on the same server: grants must have the rights of other roles.`,
          },
        ]
      : []),
  ];
};

/** Not the role of `ddl`: what that makes, it owns. */
export const grantedBy = ({ target }: Pick<Shared, 'target'>): readonly (string | undefined)[] => [
  ...[target.templateRole, target.maskedTemplateRole, target.runRoles.read, target.runRoles.write],
];
