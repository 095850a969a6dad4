const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[A-Za-z0-9+/_-]/.test(String.fromCharCode(code))),
);

/** Whether so many characters of base64 stand together. A loop, because as a pattern this was the slowest of all. */
export const hasLongRun = (text: string, length: number): boolean => {
  let run = 0;
  for (let at = 0; at < text.length; at += 1) {
    run = IN_RUN[text.charCodeAt(at)] === 1 ? run + 1 : 0;
    if (run === length) return true;
  }
  return false;
};
