declare module 'asl-validator' {
  interface Validation {
    readonly isValid: boolean;
    readonly errors: readonly { readonly message: string }[];
    errorsText(separator?: string): string;
  }
  /** Adds `QueryLanguage` to the states of what it is given, so give it a copy. */
  const validate: (definition: unknown) => Validation;
  export default validate;
}
