/** An error as an AWS service would answer it. `code` is the bare exception name, `fields` ride beside the message. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(
    code: string,
    message: string,
    { status = 400, fields = {} }: { status?: number; fields?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** What every service answers when the caller's policies do not allow the call; `why` ends the sentence where it is told. */
export const accessDenied = (
  principal: string,
  { action, resource }: { readonly action: string; readonly resource: string },
  why = '',
): AwsError =>
  new AwsError(
    'AccessDeniedException',
    `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${why}`.trimEnd(),
  );
