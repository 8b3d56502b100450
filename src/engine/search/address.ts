/**
 * IP addresses in texts, in whatever spelling: fd00::1 and FD00:0:0:0:0:0:0:1 are the same. Pure.
 *
 * An address stands by itself, or with the bits of its network (10.0.0.1/24) or a port (10.0.0.1:80, [fd00::1]:80)
 * behind it. 10.0.0.1 is not in 10.0.0.10, and fd00::1 is not in fd00::1:5.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

export interface Address {
  /** As Node.js writes it: of IPv6 the shortest spelling, in lower case. */
  readonly ip: string;
  /** Bits of the network, or a mask, behind a slash. */
  readonly network?: string | undefined;
  readonly port?: string | undefined;
}

export interface PlacedAddress extends Address {
  readonly start: number;
  /** After its network; brackets and port do not count. */
  readonly end: number;
}

const WRITTEN =
  /^(?:\[(?<bracketed>[^[\]]+)\](?::(?<port6>\d{1,5}))?|(?<bare>[^[\]/]+?))(?:\/(?<network>[\da-fA-F.:]+))?$/;
const WITH_PORT = /^(?<ip>[\d.]+):(?<port>\d{1,5})$/;

/** The address that a text is, undefined for one that is none. */
export function addressOf(text: string): Address | undefined {
  const { bracketed, port6, bare = '', network } = WRITTEN.exec(text)?.groups ?? {};
  const { ip: ip4, port: port4 } = WITH_PORT.exec(bare)?.groups ?? {};
  const ip = canonicalIp(bracketed ?? ip4 ?? bare);
  return ip === undefined ? undefined : { ip, network, port: port6 ?? port4 };
}

/** Longer ones are none: eight groups of four with colons, or six and an IPv4 address. */
const IP_CHARACTERS_MAX = 45;

function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (text.length > IP_CHARACTERS_MAX || text.includes('%') || !isIPv6(text)) return undefined;
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}

/** Where the address stands in a text; with a network or a port only where that is the same. */
export function* placesOf(wanted: Address, text: string): Generator<PlacedAddress> {
  const found = isIPv4(wanted.ip) ? places4(wanted.ip, text) : places6(wanted.ip, text);
  for (const place of found)
    if ((wanted.network ?? place.network) === place.network && (wanted.port ?? place.port) === place.port) yield place;
}

const AFTER_4 = /(?:\/(\d{1,3}(?:\.\d{1,3}){0,3})|:(\d{1,5}))?/y;
const DIGIT = /\d/;

function* places4(ip: string, text: string): Generator<PlacedAddress> {
  for (let start = text.indexOf(ip); start >= 0; start = text.indexOf(ip, start + 1)) {
    const end = start + ip.length;
    const [before = '', earlier = '', after = '', later = ''] = [
      text[start - 1],
      text[start - 2],
      text[end],
      text[end + 1],
    ];
    if (DIGIT.test(before) || (before === '.' && DIGIT.test(earlier))) continue;
    if (DIGIT.test(after) || (after === '.' && DIGIT.test(later))) continue;
    AFTER_4.lastIndex = end;
    const [, network, port] = AFTER_4.exec(text) ?? [];
    yield { ip, network, port, start, end: network === undefined ? end : end + 1 + network.length };
  }
}

/** Begun only where no earlier one goes on: in a long text each character is looked at once or twice. */
const RUNS_6 = /(?<![0-9a-fA-F:.])[0-9a-fA-F.]*:[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*/g;
const AFTER_6 = /\/([0-9a-fA-F:.]+)|\]:(\d{1,5})/y;
const LETTER = /[A-Za-z]/;

function* places6(ip: string, text: string): Generator<PlacedAddress> {
  for (const { 0: run, index } of text.matchAll(RUNS_6)) {
    let at = index;
    for (const piece of run.split('..')) {
      const place = place6(ip, text, trimmed(piece, at));
      if (place !== undefined) yield place;
      at += piece.length + 2;
    }
  }
}

/** Signs before and behind that belong to what is around: "dst:fd00::1", "fd00::1: it". */
function trimmed(piece: string, at: number): { readonly written: string; readonly start: number } {
  const cut = piece.startsWith(':') && !piece.startsWith('::') ? 1 : 0;
  const written = piece.slice(cut).replace(/\.$/, '');
  return { written: /[^:]:$/.test(written) ? written.slice(0, -1) : written, start: at + cut };
}

function place6(
  ip: string,
  text: string,
  { written, start }: { readonly written: string; readonly start: number },
): PlacedAddress | undefined {
  const end = start + written.length;
  if (LETTER.test(text[start - 1] ?? '') || LETTER.test(text[end] ?? '')) return undefined;
  // most are told apart by their ends, which costs less than reading them
  if (lastGroup(written) !== lastGroup(ip) && !written.includes('.') && !ip.includes('.')) return undefined;
  if (canonicalIp(written) !== ip) return undefined;
  AFTER_6.lastIndex = end;
  const [, network, port] = AFTER_6.exec(text) ?? [];
  return { ip, network, port, start, end: network === undefined ? end : end + 1 + network.length };
}

function lastGroup(ip: string): number {
  return Number.parseInt(`0${ip.slice(ip.lastIndexOf(':') + 1)}`, 16);
}
