/** A template, as far as it is looked at. */
export interface MadeResources {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
  >;
}

/** What of a template is IAM's: the embedded stack knows no access entries of clusters. */
export const identitiesIn = ({ Resources }: MadeResources): MadeResources => ({
  Resources: Object.fromEntries(
    Object.entries(Resources).filter(([, { Type }]) => Type.startsWith('AWS::IAM::')),
  ),
});
