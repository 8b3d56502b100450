/**
 * Rows of ovn-ic (ovn-ic(8)), which joins the networks of several OVN installations: routes that it has learned from
 * others, and the switches and routers between them. It makes them from its own databases, and takes them away.
 *
 * ovn-kubernetes makes transit switches of its own, with the same mark, and nothing makes those again.
 */
import type { Row, Value } from '../../row/row.js';

/** Table -> a text that every row of ovn-ic's has in it. */
export const INTERCONNECTION_MARKS: Readonly<Record<string, string>> = {
  Logical_Router_Static_Route: '"ic-learned-route"',
  Logical_Switch: '"interconn-ts"',
  Logical_Router: '"interconn-tr"',
};

/** What ovn-ic writes into other_config of a transit switch. */
const TRANSIT_SWITCH_KEYS = new Set(['interconn-ts', 'requested-tnl-key', 'ic-vxlan_mode']);

/** Whether ovn-ic made the row. @param isKubernetes the database is that of ovn-kubernetes */
export function isOfInterconnection(table: string, row: Row, isKubernetes: boolean): boolean {
  switch (table) {
    case 'Logical_Router_Static_Route':
      return 'ic-learned-route' in mapOf(row['external_ids']);
    case 'Logical_Switch': {
      const config = mapOf(row['other_config']);
      return (
        !isKubernetes && 'interconn-ts' in config && Object.keys(config).every((key) => TRANSIT_SWITCH_KEYS.has(key))
      );
    }
    case 'Logical_Router':
      return 'interconn-tr' in mapOf(row['options']);
    default:
      return false;
  }
}

/** The table by whose rows the database of ovn-kubernetes is known, and a text that one of them has in it. */
export const KUBERNETES_MARK = { table: 'Logical_Router', text: '"k8s-cluster-router"' } as const;

/** Whether ovn-ic is told to learn routes. @param globalRow the row of NB_Global */
export function learnsRoutes(globalRow: Row): boolean {
  return mapOf(globalRow['options'])['ic-route-learn'] === 'true';
}

function mapOf(value: Value | undefined): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}
