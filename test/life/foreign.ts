/** Another client of the database, which writes what a restore writes, too, or something else. */
import { type ExactJson, isObject } from '../support/judge/exact-json.js';
import type { Run } from './run.js';

export type ForeignWrite = 'same' | 'other' | 'refer' | 'name';

const named = (name: string): ExactJson => [['name', '==', name]];
const put = (table: string, name: string, row: Readonly<Record<string, ExactJson>>): ExactJson => ({
  op: 'update',
  table,
  where: named(name),
  row,
});

/** Cells that the foreign write sets, and to what. */
export const FOREIGN_CELLS: Readonly<Record<ForeignWrite, Readonly<Record<string, string>>>> = {
  same: { 'Logical_Switch/web.other_config': '{"mcast_snoop"="mine"}' },
  other: { 'Logical_Router/edge.options': '{"mine"="yes"}' },
  refer: { 'NAT/10.0.0.0/24.allowed_ext_ips': 'Address_Set/lost' },
  name: { 'Address_Set/lost.addresses': '"10.9.9.9"' },
};

/** @returns whether it could be written */
export async function writeForeign({ content }: Run, write: ForeignWrite): Promise<boolean> {
  try {
    switch (write) {
      case 'same':
        await content.transact([put('Logical_Switch', 'web', { other_config: ['map', [['mcast_snoop', 'mine']]] })]);
        return true;
      case 'other':
        await content.transact([put('Logical_Router', 'edge', { options: ['map', [['mine', 'yes']]] })]);
        return true;
      case 'name':
        await content.transact([{ op: 'insert', table: 'Address_Set', row: { name: 'lost', addresses: '10.9.9.9' } }]);
        return true;
      case 'refer': {
        const [found] = await content.transact([
          { op: 'select', table: 'Address_Set', where: named('lost'), columns: ['_uuid'] },
        ]);
        const rows = isObject(found) && Array.isArray(found['rows']) ? (found['rows'] as readonly ExactJson[]) : [];
        const uuid = isObject(rows[0]) ? rows[0]['_uuid'] : undefined;
        if (uuid === undefined) return false;
        await content.transact([
          { op: 'update', table: 'NAT', where: [['logical_ip', '==', '10.0.0.0/24']], row: { allowed_ext_ips: uuid } },
        ]);
        return true;
      }
    }
  } catch {
    return false; // the name is taken, or the row has gone between the two
  }
}
