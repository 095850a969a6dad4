import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { WriteStream } from 'node:tty';
import { paint, printable, tableLines } from '../../bin/terminal.ts';

/** Says of itself what a real terminal would, which reads the environment. */
const terminal = (isTTY: boolean) =>
  Object.assign(new PassThrough(), { isTTY, getColorDepth: () => WriteStream.prototype.getColorDepth() });

const SETTINGS = ['NO_COLOR', 'FORCE_COLOR', 'TERM', 'COLORTERM', 'CI', 'TMUX'];

/** On a terminal that can show colours, whatever runs this test. */
const onColourTerminal = (run: () => void) => {
  const kept = SETTINGS.map((name) => [name, process.env[name]] as const);
  for (const name of SETTINGS) delete process.env[name];
  process.env.TERM = 'xterm-256color';
  try {
    run();
  } finally {
    for (const [name, value] of kept) {
      delete process.env[name];
      if (value !== undefined) process.env[name] = value;
    }
  }
};

test('colour is for terminals, and NO_COLOR turns it off there too', () => {
  onColourTerminal(() => {
    assert.equal(paint(terminal(true), 'red', 'x'), '\u001b[31mx\u001b[39m');
    assert.equal(paint(terminal(false), 'red', 'x'), 'x');
    process.env.NO_COLOR = '1';
    assert.equal(paint(terminal(true), 'red', 'x'), 'x');
  });
});

test('a table has a header and columns on a terminal, counted without colour codes, and tabs in a pipe', () => {
  onColourTerminal(() => {
    const rows = [
      [paint(terminal(true), 'green', 'ok'), 'x'],
      ['longer', 'y'],
    ];
    const [header, first, second] = tableLines(terminal(true), ['', 'what'], rows);
    assert.match(header ?? '', /what/);
    assert.equal(first, '\u001b[32mok\u001b[39m      x');
    assert.equal(second, 'longer  y');
    assert.deepEqual(tableLines(terminal(false), ['', 'what'], [['a', 'b']]), ['a\tb']);
  });
});

test('text from files cannot command the terminal', () => {
  assert.equal(printable('a\u001b[2Jb\u0007\u202ec\nd'), 'a\u{fffd}[2Jb\u{fffd}\u{fffd}c\nd');
});
