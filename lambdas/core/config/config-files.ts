/** The text of everything under `config/`, unread and unchecked. Whoever has a file system fills it in. */
export interface ConfigFiles {
  /** YAML, each. */
  readonly issuers: string;
  readonly principals: string;
  readonly resources: string;
  readonly examples: string;
  readonly policies: readonly PolicyFile[];
  /** `*.pem` beside `resources.yaml`, by file name. */
  readonly certificates: ReadonlyMap<string, string>;
  /** The explicit setting without which a configuration that lacks the guard rails is refused. */
  readonly guardRails: 'required' | 'removed';
}

export interface PolicyFile {
  /** `guard-rails.cedar` */
  readonly file: string;
  readonly text: string;
}

/** One mistake, with the file it is in. */
export interface FileError {
  readonly file: string;
  /** A key such as `resources[0].target.host`, a policy such as `policy data-crew-on-staging`, or empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}
