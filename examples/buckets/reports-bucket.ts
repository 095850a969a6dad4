/** The bucket that the sample resource `reports` leads to, with what agents find in it. Everything in it is made up. */
export const REPORTS_BUCKET = {
  name: 'latchkey-sample-reports',
  arn: 'arn:aws:s3:::latchkey-sample-reports',
  objects: {
    'weekly/2026-08.csv': 'country,orders,revenue\nDE,412,38120.50\nFR,287,25990.00\nPT,96,7415.20\n',
    'weekly/2026-09.csv': 'country,orders,revenue\nDE,437,40051.10\nFR,301,27204.75\nPT,88,6902.00\n',
  },
} as const;
