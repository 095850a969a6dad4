import { readFileSync } from 'node:fs';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { SSH_KEYS_PER_GRANT_MAX } from '../lambdas/core/ssh/limits.ts';

/** What runs on machines as root. Kept as a file of its own, so that it is read, tried and reviewed as what it is. */
const SCRIPT = new URL('../docs/targets/ssh-end-sessions.sh', import.meta.url);

/** One key as `core/ssh/public-key.ts` writes it. Nothing that a shell would take for more than text can be in it. */
const KEY = '(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]{68,1400}={0,2}';

/**
 * What may be put into the script, which it is put into as text: Systems Manager refuses a command whose parameters are
 * of another form before any machine hears of it.
 */
const PARAMETERS = {
  osUser: {
    type: 'String',
    description: 'Whose sessions',
    allowedPattern: '^[a-z_][a-z0-9_-]{0,31}$',
  },
  keys: {
    type: 'String',
    description:
      'The public keys of a grant, a comma between two; "none" asks whether the machine could end sessions',
    allowedPattern: `^(none|${KEY}(,${KEY}){0,${SSH_KEYS_PER_GRANT_MAX - 1}})$`,
  },
} as const;

/** Longer than the script ever takes, and over before the function that waits for it is. */
const SCRIPT_MAX_SECONDS = 40;

const scriptLines = (): string[] => [
  "os_user='{{ osUser }}'",
  "keys='{{ keys }}'",
  ...readFileSync(SCRIPT, 'utf8').trimEnd().split('\n'),
];

/** What a document of this version says, on whatever machine. */
export const END_SESSIONS_CONTENT = {
  schemaVersion: '2.2',
  description: 'Latchkey: ends the SSH sessions of public keys, and proves it',
  parameters: PARAMETERS,
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'endSessions',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: { timeoutSeconds: String(SCRIPT_MAX_SECONDS), runCommand: scriptLines() },
    },
  ],
};

export interface EndSessionsDocumentProps {
  /** What `revoker` sends: it may send no other. */
  readonly documentName: string;
}

/**
 * The one document that `revoker` may send to machines. It ends the sessions of keys and does nothing else, so whoever
 * holds the right to send it can do nothing else either. One for each account and region with machines.
 */
export class EndSessionsDocument extends Construct {
  constructor(scope: Construct, id: string, { documentName }: EndSessionsDocumentProps) {
    super(scope, id);
    new CfnDocument(this, 'Document', {
      name: documentName,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      // The new version is the default from then on; a document with a name cannot be replaced.
      updateMethod: 'NewVersion',
      content: END_SESSIONS_CONTENT,
    });
  }
}
