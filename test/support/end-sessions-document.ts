import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EndSessionsDocument } from '../../lib/end-sessions-document.ts';
import type { Assembly } from '../../local/assembly.ts';

/** The document as it is deployed, read as the embedded Systems Manager reads it. */
export const endSessionsDocument = (documentName: string): Assembly['documents'][number] => {
  const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Machines');
  new EndSessionsDocument(stack, 'EndSessions', { documentName });
  const [document] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Document'));
  const { Name, Content } = document?.Properties ?? {};
  const [{ action, inputs }] = Content.mainSteps;
  const runCommand = inputs.runCommand.join('\n');
  const mainSteps: Assembly['documents'][number]['Content']['mainSteps'] = [
    { action, inputs: { runCommand } },
  ];
  return { Name, Content: { parameters: Content.parameters, mainSteps }, name: Name, arn: '' };
};
