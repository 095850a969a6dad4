/** One message as the workspace keeps it. `ts` is its name; an answer names the first message of its thread. */
export interface StoredMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  /** An answer that is shown in the channel too. */
  readonly isBroadcast: boolean;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly isEdited: boolean;
}

/** Whatever was sent; `isSound` has seen that the parts we show are there. */
export type Block = { readonly type: string } & Readonly<Record<string, unknown>>;

export type Fields = Readonly<Record<string, unknown>>;

export type ApiAnswer = Readonly<Record<string, unknown>> & { readonly ok: boolean };

export const refuse = (error: string): ApiAnswer => ({ ok: false, error });

/** What Slack's documentation says: of a text object, a header, a button's value, an address, a message. */
const LIMITS = { text: 3_000, header: 150, value: 2_000, url: 3_000, blocks: 50 };
const BLOCKS = new Set(['header', 'section', 'rich_text', 'context', 'actions', 'divider']);

/** The channel of one workspace, by the calls of the Web API that change it. */
export const createMessages = () => {
  const messages: StoredMessage[] = [];
  let count = 0;
  const nextTs = (): string => {
    count += 1;
    return `${Math.floor(Date.now() / 1_000)}.${String(count).padStart(6, '0')}`;
  };
  return {
    list: (): readonly StoredMessage[] => messages,
    post(fields: Fields): ApiAnswer {
      const content = contentOf(fields);
      if (typeof content === 'string') return refuse(content);
      const { channel } = fields;
      if (typeof channel !== 'string' || !/^[CG][A-Z0-9]{2,20}$/.test(channel))
        return refuse('channel_not_found');
      const thread = messages.find(({ ts }) => ts === fields.thread_ts);
      const message = {
        channel,
        ts: nextTs(),
        threadTs: thread && (thread.threadTs ?? thread.ts),
        isBroadcast: isTrue(fields.reply_broadcast),
        ...content,
        isEdited: false,
      };
      messages.push(message);
      return { ok: true, channel, ts: message.ts, message: { type: 'message', ...content, ts: message.ts } };
    },
    update(fields: Fields): ApiAnswer {
      const content = contentOf(fields);
      if (typeof content === 'string') return refuse(content);
      const at = messages.findIndex(({ channel, ts }) => channel === fields.channel && ts === fields.ts);
      const before = messages[at];
      if (!before) return refuse('message_not_found');
      messages[at] = { ...before, ...content, isEdited: true };
      return { ok: true, channel: before.channel, ts: before.ts, text: content.text };
    },
    /** As somebody who deletes a message in Slack. */
    remove(ts: string): void {
      messages.splice(0, messages.length, ...messages.filter((message) => message.ts !== ts));
    },
  };
};

export type Messages = ReturnType<typeof createMessages>;

/** Text and blocks, or Slack's code for what is wrong with them. */
const contentOf = ({
  text,
  blocks,
}: Fields): { readonly text: string; readonly blocks: readonly Block[] } | string => {
  const parsed = blocks === undefined ? [] : parseBlocks(blocks);
  if (parsed === undefined) return 'invalid_blocks_format';
  if (!parsed.every(isSound) || parsed.length > LIMITS.blocks) return 'invalid_blocks';
  const words = typeof text === 'string' ? text : '';
  return words === '' && parsed.length === 0 ? 'no_text' : { text: words, blocks: parsed };
};

/** In a form, blocks are JSON in a field. */
const parseBlocks = (given: unknown): readonly Block[] | undefined => {
  try {
    const blocks: unknown = typeof given === 'string' ? JSON.parse(given) : given;
    return Array.isArray(blocks) && blocks.every(isBlock) ? blocks : undefined;
  } catch {
    return undefined;
  }
};

const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const isTrue = (value: unknown): boolean => value === true || value === 'true';

const isSound = (block: Block): boolean =>
  BLOCKS.has(block.type) && partsOf(block).every((part) => isPartSound(part, block.type));

/** Every object inside a block, and the block. */
export const partsOf = (value: unknown): readonly Fields[] => {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(partsOf);
  return Array.isArray(value) ? inner : [{ ...value }, ...inner];
};

const isPartSound = ({ text, value, url, type }: Fields, block: string): boolean =>
  (typeof text !== 'string' ||
    (text.length > 0 && text.length <= (block === 'header' ? LIMITS.header : LIMITS.text))) &&
  (value === undefined || (typeof value === 'string' && value.length <= LIMITS.value)) &&
  (url === undefined || (typeof url === 'string' && url.length <= LIMITS.url)) &&
  (type === undefined || typeof type === 'string');
