/**
 * Whether two databases are equal but for the UUIDs of their rows. Each row gets a digest of its values, and then of the
 * digests of the rows that it refers to, several times over: equal databases have equal digests.
 */
import { createHash } from 'node:crypto';
import { type Content, called, membersIn, type Place, placesOf } from '../content.js';
import { configured, isRuntime } from '../northbound.js';
import { referenceColumns, type Schema } from '../schema.js';

/** As deep as rows refer to rows that refer to rows. */
const ROUNDS = 5;

/** exact: "the database ends equal to the backup". What is written at run time is not compared. */
export function* equalLaws(schema: Schema, backup: Content, after: Content): Generator<string> {
  const wanted = digestsOf(schema, backup);
  for (const [digest, places] of digestsOf(schema, after)) {
    const surplus = places.length - (wanted.get(digest)?.length ?? 0);
    if (surplus > 0) yield `the backup has nothing like ${called(places[0] as Place)}`;
    if (surplus < 0) yield `the backup has ${-surplus} more like ${called(places[0] as Place)}`;
    wanted.delete(digest);
  }
  for (const places of wanted.values()) yield `there is nothing like ${called(places[0] as Place)} of the backup`;
}

function digestsOf(schema: Schema, content: Content): Map<string, Place[]> {
  const places = [...placesOf(schema, content)];
  const digest = (text: string): string => createHash('sha1').update(text).digest('base64');
  const own = new Map(places.map((place) => [place.uuid, digest(valuesOf(place))]));
  let digests = own;
  for (let round = 0; round < ROUNDS; round++) {
    const before = digests;
    digests = new Map(
      places.map(({ table, uuid, row }) => {
        const references = referenceColumns(table)
          .filter(({ name }) => !isRuntime(table.name, name, row))
          .map(({ name }) =>
            membersIn(row, name)
              .map((member) => before.get(member) ?? 'nothing')
              .sort(),
          );
        return [uuid, digest(JSON.stringify([own.get(uuid), references]))];
      }),
    );
  }
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const key = digests.get(place.uuid) ?? '';
    groups.set(key, [...(groups.get(key) ?? []), place]);
  }
  return groups;
}

function valuesOf({ table, row }: Place): string {
  const plain = [...table.columns.values()].filter(
    ({ refersTo, isEphemeral }) => refersTo === undefined && !isEphemeral,
  );
  return JSON.stringify([table.name, plain.map(({ name }) => configured(table.name, name, row))]);
}
