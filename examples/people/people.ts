/** People of the sample company who can sign in at the local provider; `mallory` is in no `principals.yaml`. */
export const PEOPLE = ['dana.reyes', 'ana.silva', 'jonas.weber', 'mallory'] as const;
export type PersonName = (typeof PEOPLE)[number];
