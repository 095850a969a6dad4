import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerPlugin } from '../../../examples/targets/mysql/start-server.ts';

const FILE = 'aws_authentication.so';

/** Compiles what stands in for Amazon's plugin; it asks on a unix socket whether a token is good. */
export const authenticationPlugin = (directory: string, iamSocket: string): ServerPlugin => {
  mkdirSync(directory, { recursive: true });
  const source = join(import.meta.dirname, 'aws-authentication-plugin.c');
  execFileSync(
    'cc',
    ['-std=c11', '-D_GNU_SOURCE', '-O1', '-shared', '-fPIC', '-o', join(directory, FILE), source],
    {
      stdio: 'pipe',
    },
  );
  return { directory, load: `AWSAuthenticationPlugin=${FILE}`, env: { LATCHKEY_IAM_SOCKET: iamSocket } };
};
