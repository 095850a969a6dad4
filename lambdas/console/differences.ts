import { type Change, diffWordsWithSpace } from 'diff';
import type { ApprovalPage } from '../app/show-approval.ts';
import type { Approval, Asked } from '../core/approval/approval.ts';
import { DIFFERENCE_MAX_EDITS, DIFFERENCE_MAX_MS } from '../core/limits.ts';
import { duration } from './amounts.ts';
import { type Html, html, type Part } from './html.ts';
import { exactText, inlineText, visibleText } from './visible-text.ts';

/** What is not as it was in this agent's last approved request of the same kind; undefined when there was none. */
export const differences = (shown: ApprovalPage): Html | undefined => {
  const { approval, previous, statements } = shown;
  if (!previous) return undefined;
  const fields = changedFields(previous.approval, approval);
  const texts =
    typeof statements === 'string'
      ? []
      : changedStatements(
          previous.statements,
          statements.map(({ sql }) => sql),
        );
  if (fields.length === 0 && texts.length === 0)
    return html`<p>Nothing: ${typeof statements === 'string' ? 'of what is still kept' : 'who, what, where, how long and why'} is the same.</p>`;
  return html`${fields.length > 0 && html`<ul class="plain">${fields}</ul>`}${texts}`;
};

/** How each part of a request is read aloud. `subject`, ids and times differ always and are left out. */
const FIELDS: Readonly<Record<string, (asked: Asked) => string>> = {
  Requester: ({ requester }) => `${requester.name} (${requester.subject})`,
  'People answerable': ({ owners }) => owners.map(({ name, subject }) => `${name} (${subject})`).join(', '),
  Groups: ({ groups }) => [...groups].sort().join(', '),
  Kind: ({ subject }) => subject.kind,
  Action: ({ action }) => action,
  Resource: ({ resource }) => resource,
  'Configuration of the resource': ({ resourceDigest }) => resourceDigest,
  Duration: ({ seconds }) => duration(seconds),
  Reason: ({ reason }) => reason,
  'Times each statement may run': ({ statements }) => statements.map(({ times }) => times).join(', '),
  Tables: ({ statements }) => statements.map(({ tables }) => tables.join(', ')).join('; '),
  'Policies that decided': ({ determinedBy }) => [...determinedBy].sort().join(', '),
};

const changedFields = (before: Approval, now: Approval): readonly Html[] =>
  Object.entries(FIELDS).flatMap(([name, read]) => {
    const [was, is] = [read(before.asked), read(now.asked)];
    return was === is
      ? []
      : [html`<li><h3>${name}</h3>${removed(inlineText(was))}<br>${added(inlineText(is))}</li>`];
  });

const changedStatements = (before: readonly string[], now: readonly string[]): readonly Html[] =>
  Array.from({ length: Math.max(before.length, now.length) }, (_, index) => {
    const [was, is] = [before[index], now[index]];
    if (was === is) return undefined;
    const title = html`<h3>Statement ${index + 1}</h3>`;
    if (was === undefined) return html`${title}<p>There was none.</p>`;
    if (is === undefined) return html`${title}<p>It is no longer there. It was:</p>${exactText(was)}`;
    return html`${title}${sideBySide(was, is)}`;
  }).filter((part) => part !== undefined);

/** Bounded in steps and in time: both texts are an agent's, who may have written them to be hard to compare. */
const sideBySide = (was: string, is: string): Html => {
  const limits = { maxEditLength: DIFFERENCE_MAX_EDITS, timeout: DIFFERENCE_MAX_MS };
  const changes = diffWordsWithSpace(was, is, limits);
  if (!changes)
    return html`<p>The two differ too much to be laid side by side. The last one was:</p>${exactText(was)}`;
  return html`<pre><bdo dir="ltr">${changes.map(changedPart)}</bdo></pre>`;
};

const changedPart = ({ added: isAdded, removed: isRemoved, value }: Change): Part => {
  if (isAdded) return added(visibleText(value));
  return isRemoved ? removed(visibleText(value)) : visibleText(value);
};

/** Words in a box and not colour alone; elements that screen readers know. */
const added = (content: Html): Html => html`<ins><span class="tag">new</span>${content}</ins>`;
const removed = (content: Html): Html => html`<del><span class="tag">was</span>${content}</del>`;
