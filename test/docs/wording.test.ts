/**
 * How descriptions and pages are worded, as far as a program can tell: short sentences, and no phrase that had to be
 * read twice before.
 */
import { describedInGraphql, describedInRest } from './described.js';
import { pages } from './page.js';

const WORDS_MAX = 30;

/** Each with what to say instead. */
const BANNED: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bwhoever\b/i, 'who exactly'],
  [/\bwhereupon|whereby|wherein|thereof|hitherto\b/i, 'a common word'],
  [/, say[,:.]/, 'for example'],
  [/\bin the making\b/, 'running'],
  [/\btakes? effect until\b/i, 'possible only before'],
  [/\bin order to stand\b/, 'everything these refer to'],
  [/\btake[ns]? (it|that|the change) over\b/, 'has applied the change'],
  [/\bends the waiting\b/i, 'confirms'],
  [/\bgo(es)? on where\b/i, 'continue despite'],
  [/\bends whole\b/, 'completes'],
  [/\bfor a live one\b/, 'as this live row'],
  [/\bis what it is\b|\bwhat it is is\b/i, 'the type'],
  [/\b(utili[sz]e|leverage|simply|easily|please)\b/i, 'nothing, or use'],
];

interface Text {
  readonly where: string;
  readonly text: string;
}

async function texts(): Promise<readonly Text[]> {
  const described = [...describedInGraphql(), ...(await describedInRest())];
  return [
    ...described.map(({ name, description }) => ({ where: name, text: description })),
    ...pages().flatMap((page) => page.texts().map((text) => ({ where: page.name, text }))),
  ];
}

function sentencesIn(text: string): readonly string[] {
  return text.split(/(?<=[.?!:;])["')\]*]*\s+/);
}

describe('the wording', () => {
  it(`has no sentence of more than ${WORDS_MAX} words`, async () => {
    const long = (await texts()).flatMap(({ where, text }) =>
      sentencesIn(text)
        .filter((sentence) => sentence.split(/\s+/).length > WORDS_MAX)
        .map((sentence) => `${where}: ${sentence}`),
    );
    expect([...new Set(long)]).toEqual([]);
  });

  it('has no phrase that had to be read twice', async () => {
    const found = (await texts()).flatMap(({ where, text }) =>
      BANNED.filter(([phrase]) => phrase.test(text)).map(
        ([phrase, instead]) => `${where}: ${phrase.exec(text)?.[0]} (say ${instead}): ${text}`,
      ),
    );
    expect([...new Set(found)]).toEqual([]);
  });
});
