/** The tokenizer of OVN's match language: which names are found, and that nothing else is touched. */
import fc from 'fast-check';
import { type MatchName, rewriteMatch } from '../../../src/model/northbound/match-expression.js';

/** The names in an expression, each as often as it occurs. */
function namesInMatch(match: string): readonly MatchName[] {
  const found: MatchName[] = [];
  rewriteMatch(match, (name) => {
    found.push(name);
    return undefined;
  });
  return found;
}

const names = (match: string): string[] => namesInMatch(match).map(({ kind, name }) => `${kind} ${name}`);
const suffixed = ({ name }: MatchName): string => `${name}_new`;

describe('the names in a match', () => {
  it.each<[string, readonly string[]]>([
    ['inport == "a" && ip4', ['port a']],
    ['outport != "a"', ['port a']],
    ['"a" == inport', ['port a']],
    ['"a" != outport && "b" == inport', ['port a', 'port b']],
    ['inport=="a"&&outport=={"b","c" , "d"}', ['port a', 'port b', 'port c', 'port d']],
    ['{"a", "b"} == inport || ip', ['port a', 'port b']],
    ['!(inport == {"a", @pg}) && (outport == "b")', ['port a', 'portGroup pg', 'port b']],
    ['outport == @pg_1.x && ip4.src == $as_1.y', ['portGroup pg_1.x', 'addressSet as_1.y']],
    [
      'ip4.src == {10.0.0.1, $a, 10.0.0.0/8, $b} && $pg_ip4 == ip4.dst',
      ['addressSet a', 'addressSet b', 'addressSet pg_ip4'],
    ],
    ['is_chassis_resident("cr-lrp") && ip', ['port cr-lrp']],
    ['!is_chassis_resident( "a" )', ['port a']],
    ['inport == @.dot', ['portGroup .dot']],
    ['inport == "a b \\"c\\" \\\\ \\u0041 \\ud83d\\ude00 \\/"', ['port a b "c" \\ A \u{1f600} /']],
    ['inport == ""', ['port ']],
    ['inport == "@pg $as // /*"', ['port @pg $as // /*']],
    ['inport == "two\nlines"', ['port two\nlines']],
  ])('finds every name in %s', (match, expected) => {
    expect(names(match)).toEqual(expected);
  });

  it.each([
    '',
    'ip4.src == 10.0.0.1 && tcp.dst == 80..90',
    'eth.src == aa:bb:cc:dd:ee:ff && ip6.src == fd00::1/64 && ip6.dst == ::ffff:192.0.2.128',
    'reg0[0..31] == 0x1/0xf && ct.est && !ct.rpl',
    'eth.type == "inport"',
    'inport2 == "a"',
    'my.inport == "a"',
    'is_chassis_resident == "a"',
    'not_is_chassis_resident("a")',
    'ip4 // && inport == "a" && outport == @pg',
    'ip4 /* inport == "a" && ip4.src == $as */ && tcp',
    'ip4.src == ^addresses && ip',
    '"inport" == "a"',
  ])('finds none in %s', (match) => {
    expect(names(match)).toEqual([]);
    expect(rewriteMatch(match, suffixed)).toBe(match);
  });

  it.each([
    'inport == "a',
    'inport == "a" && "\\x"',
    'inport == "a" && "\\ud800"',
    'inport == "a" /* open',
    'inport == "a" /* line\nend */',
    'inport == "a" & ip',
    'inport == "a" | ip',
    'inport == "a" / ip',
    'inport == "a" && $ && ip',
    'inport == "a" && @1 && ip',
    'inport == \'a\' && inport == "a"',
    'inport == "a" && %',
    'inport == "a" && \u00e9',
    'inport == "a" && \u0000',
  ])('finds none in what OVN would not read, and leaves it: %s', (match) => {
    expect(names(match)).toEqual([]);
    expect(rewriteMatch(match, suffixed)).toBe(match);
  });

  it('reads comments to the end of the line and over several', () => {
    expect(names('// inport == "x"\ninport == "a" /* $x */ /* @y */ && // z\n outport == @pg')).toEqual([
      'port a',
      'portGroup pg',
    ]);
  });
});

describe('rewriteMatch', () => {
  it.each([
    ['inport == "a" && ip4.src == $as', 'inport == "a_new" && ip4.src == $as_new'],
    ['  inport  ==\t{ "a" ,"b" }  // "a"\n', '  inport  ==\t{ "a_new" ,"b_new" }  // "a"\n'],
    ['ip4.src==$as&&ip4.dst!=$as', 'ip4.src==$as_new&&ip4.dst!=$as_new'],
    ['outport==@pg&&tcp.dst=={80,443}', 'outport==@pg_new&&tcp.dst=={80,443}'],
    ['inport == "q\\"uote"', 'inport == "q\\"uote_new"'],
    ['eth.type == "a" && inport == "a"', 'eth.type == "a" && inport == "a_new"'],
    [
      'is_chassis_resident("a")&&ip4.src==10.0.0.1..10.0.0.9',
      'is_chassis_resident("a_new")&&ip4.src==10.0.0.1..10.0.0.9',
    ],
    ['abc:: == ip6.src && inport=="a"', 'abc:: == ip6.src && inport=="a_new"'],
  ])('%s becomes %s', (match, expected) => {
    expect(rewriteMatch(match, suffixed)).toBe(expected);
  });

  it('keeps the writing of names that stay', () => {
    const match = 'inport == "\\u0061" && outport == {"b", "\\/"} && ip4.src == $c';
    expect(rewriteMatch(match, () => undefined)).toBe(match);
    expect(rewriteMatch(match, ({ name }) => name)).toBe(match);
    expect(rewriteMatch(match, ({ name }) => (name === 'b' ? 'B"' : undefined))).toBe(
      'inport == "\\u0061" && outport == {"B\\"", "\\/"} && ip4.src == $c',
    );
  });

  it('writes what it finds again: names there and back give the expression, with any text between', () => {
    const port = fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => text.isWellFormed());
    const word = fc.stringMatching(/^[a-z_.][a-z0-9_.]{0,6}$/);
    const term = fc.oneof(
      port.map((name) => `inport == ${JSON.stringify(name)}`),
      fc
        .array(port, { minLength: 1, maxLength: 3 })
        .map((list) => `{${list.map((name) => JSON.stringify(name)).join(', ')}} != outport`),
      word.map((name) => `ip4.src == {1.2.3.4/24, $${name}}`),
      word.map((name) => `outport == @${name}`),
      port.map((name) => `is_chassis_resident(${JSON.stringify(name)})`),
      fc.constantFrom(
        'tcp.dst == 0x50',
        'eth.src == 00:00:00:00:00:01/ff:ff:ff:00:00:00',
        'ip6.dst == fe80::/10',
        'ct.trk /* "x" */',
        '// @x\nip',
      ),
    );
    fc.assert(
      fc.property(
        fc.array(term, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('&&', ' && ', ' ||\n'),
        (terms, joint) => {
          const match = terms.join(joint);
          const there = rewriteMatch(match, ({ name }) => `${name}_z`);
          expect(namesInMatch(there).map(({ name }) => name)).toEqual(
            namesInMatch(match).map(({ name }) => `${name}_z`),
          );
          expect(rewriteMatch(there, ({ name }) => name.slice(0, -2))).toBe(match);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never throws and never changes an expression without names, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => rewriteMatch(text, () => undefined) === text),
      { numRuns: 500 },
    );
  });

  it('reads a long expression', () => {
    const match = `inport == "a" && ip4.src == {${Array.from({ length: 20_000 }, (_, i) => `10.0.${String(i >> 8)}.${String(i & 255)}`).join(', ')}, $as} ${'/* '.repeat(3_000)}*/ && ${'a'.repeat(50_000)} == "${'\\\\'.repeat(50_000)}"`;
    expect(names(match)).toEqual(['port a', 'addressSet as']);
  });
});
