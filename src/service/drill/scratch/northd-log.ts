/** What northd says in its log: read line by line, as one faulty configuration may fill a disk with it. */
import type { FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { plural } from '../../../lib/text/plural.js';

const WARNINGS_MAX = 100;
/** Of warnings that differ in names and numbers only. */
const ALIKE_MAX = 3;
const WARNING_CHARACTERS_MAX = 500;
/** A line of a log of Open vSwitch: time, number, module, level, message. */
const LOG_LINE = /^[^|]*\|\d+\|(?<module>[^|(]*)[^|]*\|(?<level>[^|]*)\|(?<message>.*)$/;
const LEVELS: ReadonlySet<string> = new Set(['WARN', 'ERR', 'EMER']);
/** They say of level INFO that they cannot read an address. */
const COMPLAINING: ReadonlySet<string> = new Set(['northd', 'ovn_util']);
/** They complain of a slow machine, of connections, and of tables that an older schema lacks. */
const UNRELATED: ReadonlySet<string> = new Set([
  'timeval',
  'poll_loop',
  'reconnect',
  'jsonrpc',
  'ovsdb_cs',
  'ovsdb_idl',
  'stream_unix',
  'socket_util',
]);
/** It is said of every port that asks for a chassis: there are none. */
const NO_CHASSIS = /^Unknown chassis /;
/** What differs in warnings that are alike. */
const NAMES_AND_NUMBERS = /'[^']*'|"[^"]*"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/g;

export interface NorthdWarnings {
  /** What northd finds fault with, each once. */
  readonly warnings: readonly string[];
  /** What was left out of them. */
  readonly notes: readonly string[];
}

/** @param log open for reading */
export async function readWarnings(log: FileHandle): Promise<NorthdWarnings> {
  const alike = new Map<string, string[]>();
  const seen = new Set<string>();
  let [more, ofChassis] = [0, 0];
  for await (const line of createInterface({
    input: log.createReadStream({ start: 0, autoClose: false }),
    crlfDelay: Infinity,
  })) {
    const { module = '', level = '', message = '' } = LOG_LINE.exec(line)?.groups ?? {};
    const isMeant = LEVELS.has(level) || (level === 'INFO' && COMPLAINING.has(module));
    if (!isMeant || UNRELATED.has(module)) continue;
    if (NO_CHASSIS.test(message)) {
      ofChassis++;
      continue;
    }
    const warning = `${module}: ${message}`.slice(0, WARNING_CHARACTERS_MAX);
    if (seen.has(warning)) continue;
    const kind = warning.replaceAll(NAMES_AND_NUMBERS, '');
    const told = alike.get(kind) ?? [];
    if (told.length === ALIKE_MAX || seen.size === WARNINGS_MAX) {
      more++;
      continue;
    }
    seen.add(warning);
    alike.set(kind, [...told, warning]);
  }
  const warnings = [...alike.values()].flat();
  return {
    warnings: more === 0 ? warnings : [...warnings, plural(more, 'and # more {line|lines} like these')],
    notes:
      ofChassis === 0
        ? []
        : [
            plural(
              ofChassis,
              '# {warning|warnings} of northd that a chassis is not there {is|are} left out: a drill has none',
            ),
          ],
  };
}
