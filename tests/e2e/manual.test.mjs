/* SPDX-License-Identifier: MIT
 *
 * The man page says what the program's --help says, and nothing that it does
 * not: every subcommand, every option with its placeholder, in both directions.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';

import { ROOT, dropDirectory, makeDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';

const PAGE = path.join(ROOT, 'tools/operation/stagepick.1');

/** Of a --help: its options as a page would have them, `--data DIR`. */
const optionsOfHelp = (text) => [...text.matchAll(/^ {2}(--[a-z-]+(?: \S+)?) /gm)]
  .map(([, option]) => option).filter((option) => option !== '--help');

/** Of the page: a map of subsection to its options. */
function optionsOfPage(source) {
  const sections = new Map();
  for (const part of source.split(/^\.Ss stagepick /m).slice(1)) {
    const name = part.slice(0, part.indexOf('\n'));
    const own = part.split(/^\.S[hs] /m)[0];
    assert.ok(!sections.has(name), `${name} is there twice`);
    sections.set(name, [...own.matchAll(/^\.It Fl (-[a-z-]+)(?: Ar (\S+))?$/gm)].map(([, option, value]) => `-${option}${value ? ` ${value}` : ''}`));
  }
  return sections;
}

/** Every subcommand that has a --help of its own, by asking the program. */
async function subcommands() {
  const help = async (...args) => (await run([...args, '--help'])).stdout;
  const names = [];
  for (const [, command] of (await help()).matchAll(/^ {2}([a-z]+) {2,}/gm)) {
    const text = await help(command);
    const verbs = command === 'bench' ? [...text.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, verb]) => verb)
      : command === 'log' ? [...text.matchAll(/^stagepick log ([a-z]+) /gm)].map(([, verb]) => verb) : [];
    names.push(...(verbs.length > 0 ? verbs.map((verb) => `${command} ${verb}`) : [command]));
  }
  return names;
}

describe('the man page', () => {
  let source;
  let commands;
  let sections;
  before(async () => {
    source = fs.readFileSync(PAGE, 'utf8');
    commands = await subcommands();
    sections = optionsOfPage(source);
    for (const name of ['serve', 'log verify', 'replay', 'user', 'key', 'bench load'])
      assert.ok(commands.includes(name), `${name} is not found in the help: ${commands}`);
  });

  it('has every subcommand, and no other', () => {
    assert.deepEqual([...sections.keys()].sort(), [...commands].sort());
  });

  it('has every option of each, with its placeholder and in its order, and no other', async () => {
    for (const name of commands) {
      const { stdout } = await run([...name.split(' '), '--help']);
      const options = optionsOfHelp(stdout);
      assert.equal(options.length, stdout.match(/^ {2}--/gm).length - 1, `an option of ${name} is not read: ${stdout}`);
      assert.deepEqual(sections.get(name), options, name);
    }
  });

  it('tells the defaults that the help tells', async () => {
    const { stdout } = await run(['serve', '--help']);
    const serve = source.split('.Ss stagepick serve')[1].split('.Ss ')[0];
    let compared = 0;
    for (const [, option, value] of stdout.matchAll(/^ {2}--([a-z-]+) .*\(([a-z0-9.:]+)\)(?: \(may be repeated\))?$/gm)) {
      const item = serve.split(`.It Fl -${option} `)[1].split(/^\.(?:It|El)/m)[0];
      assert.match(item, new RegExp(`^Default ${value.replaceAll('.', '\\.')}\\.$`, 'm'), option);
      compared++;
    }
    assert.ok(compared > 10, `${compared}`);
  });

  it('names every exit code that the help names', async () => {
    const codes = (await run(['--help'])).stdout.match(/Exit codes: (.*)$/m)[1].match(/\d/g);
    const status = source.split('.Sh EXIT STATUS')[1].split('.Sh ')[0];
    assert.deepEqual([...status.matchAll(/^\.It (\d)$/gm)].map(([, code]) => code), codes);
  });

  it('names every file of a data directory', async () => {
    const server = await startServer({ admin: false });
    const files = source.split('.Sh FILES')[1].split('.Sh ')[0].split('As installed')[0];
    const named = [...files.matchAll(/^\.It Pa (.*)$/gm)].flatMap(([, names]) => names.split(' , '));
    assert.deepEqual(named.sort(), fs.readdirSync(server.data).sort());
    await server.stop();
    dropDirectory(server.data);
  });

  it('its examples are understood', async () => {
    const data = makeDirectory();
    const examples = source.split('.Sh EXAMPLES')[1].split('.Sh ')[0].replaceAll('\\e\n', '');
    const lines = [...examples.matchAll(/^stagepick (.*?)(?: \|.*)?$/gm)].map(([, line]) => line.trim().split(/\s+/));
    assert.ok(lines.length >= 4);
    const others = lines.filter(([command]) => command !== 'serve').map((args) => args.map((word) => (word === './data' ? data : word)));
    for (const args of others)
      assert.equal((await run(args, { env: { STAGEPICK_PASSWORD: 'correct horse' } })).code, 0, args.join(' '));
    /* One that serves would not end: another option at its end is refused, by name. */
    for (const args of lines.filter(([command]) => command === 'serve')) {
      const result = await run([...args, '--no-such']);
      assert.equal(result.code, 2);
      assert.match(result.stderr, /unrecognized option '--no-such'/);
    }
    dropDirectory(data);
  });

  it('is good mdoc', () => {
    const lint = spawnSync('mandoc', ['-T', 'lint', '-W', 'all', PAGE], { encoding: 'utf8' });
    /* What other pages this machine has is not our page's affair. */
    assert.deepEqual(`${lint.stdout}${lint.stderr}`.split('\n').filter((line) => line !== '' && !line.includes('mandoc.db')), []);
    const text = spawnSync('mandoc', ['-T', 'ascii', PAGE], { encoding: 'utf8' });
    assert.equal(text.status, 0);
    assert.match(text.stdout.replaceAll(/.\x08/g, ''), /--trust-proxy CIDR/);
  });
});
