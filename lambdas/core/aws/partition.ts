/** Of AWS: in each, accounts and names are its own, and no role of one can be assumed from another. */
export const partitionOf = (region: string): string => (region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws');
