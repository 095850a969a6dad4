/** `arn:aws:iam::111122223333:role/latchkey/orders` → path `/latchkey/`, name `orders`. */
export const nameOf = (roleArn: string): { path: string; roleName: string } => {
  const [, ...steps] = roleArn.split(':').slice(5).join(':').split('/');
  const roleName = steps.pop() ?? '';
  return { path: ['', ...steps, ''].join('/'), roleName };
};
