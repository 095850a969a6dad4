/** Passes `Bearer a.b.<what to do>`; counts how often it was asked, so that a test can see what was kept. */
let asked = 0;

export const handler = async (event: { authorizationToken: string; methodArn: string }): Promise<unknown> => {
  asked += 1;
  const wish = event.authorizationToken.split('.').at(-1) ?? '';
  const policy = (Effect: string, Resource: string) => ({
    principalId: 'someone',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }],
    },
    context: { asked, isTest: true, text: 'x' },
  });
  const stage = `${event.methodArn.split('/', 2).join('/')}/*`;
  switch (wish) {
    case 'nobody':
      throw new Error('Unauthorized');
    case 'broken':
      throw new Error('Unavailable');
    case 'nonsense':
      return { principalId: 'x', policyDocument: { Version: '2012-10-17' }, context: {} };
    case 'nested':
      return { ...policy('Allow', stage), context: { groups: ['a'] } };
    case 'denied':
      return policy('Deny', stage);
    case 'narrow':
      return policy('Allow', event.methodArn);
    default:
      return policy('Allow', stage);
  }
};
