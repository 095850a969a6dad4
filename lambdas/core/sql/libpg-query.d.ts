/** The part of libpg-query below its own interface, which keeps one parser for the life of the process. */
declare module 'libpg-query/wasm/libpg-query.js' {
  /** Numbers are addresses in the parser's own memory. */
  export interface ParserInstance {
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
    readonly _wasm_parse_query_raw: (text: number) => number;
    readonly _wasm_free_parse_result: (result: number) => void;
    readonly _wasm_scan: (text: number) => number;
    readonly _wasm_free_string: (text: number) => void;
    readonly getValue: (address: number, type: 'i32') => number;
    readonly UTF8ToString: (address: number) => string;
    readonly stringToUTF8: (text: string, address: number, bytes: number) => void;
    readonly lengthBytesUTF8: (text: string) => number;
  }
  const create: () => Promise<ParserInstance>;
  export default create;
}
