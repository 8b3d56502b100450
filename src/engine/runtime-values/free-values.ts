/**
 * Free values: a port that comes back brings the addresses and the tag that northd gave it, so that they are not chosen
 * anew, but only where no other port has them by now: neither one that is live nor one that comes back too. Where one
 * has, they are left out, and northd chooses others.
 */
import type { Breath } from '../../lib/breath.js';
import {
  ASSIGNED_ADDRESSES,
  ASSIGNED_TAG,
  assignedAddresses,
  configuredAddresses,
  hasAssignedTag,
  parentOf,
  tagsOf,
} from '../../model/northbound/assigned-value.js';
import { SWITCH_PORT } from '../../model/northbound/tables.js';
import { encodeRow, type Row } from '../../model/row/row.js';
import { EditableRows } from '../../model/snapshot/editable-rows.js';
import { labelOf } from '../describe/label.js';
import { OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';
import { PortsAfter, type SwitchPorts } from './ports-after.js';

const WARNINGS_MAX = 20;

/** The plan, without values that are not free. Nothing else of it changes. */
export async function withFreeValues(plan: Plan, breath: Breath): Promise<Plan> {
  const ports = plan.tables.find(({ table }) => table.name === SWITCH_PORT);
  if (ports === undefined || plan.problems.length > 0) return plan;
  const returning = await Returning.read(ports, breath);
  if (returning.count === 0) return plan;
  const taken = await new TakenValues(new PortsAfter(plan, ports), returning).find(breath);
  return taken.length === 0 ? plan : withoutValues(plan, ports, taken);
}

const ADDRESSES = Buffer.from(`"${ASSIGNED_ADDRESSES}":`);
const TAG_REQUEST = Buffer.from('"tag_request":');

/** Rows to be inserted that bring values of northd's. */
class Returning {
  /** UUIDs of those that bring a tag. */
  readonly tagged: string[] = [];
  private total = 0;
  /** For each row of the backup whether it is one of them. */
  private readonly marks: Uint8Array;

  private constructor(private readonly ports: TablePlan) {
    this.marks = new Uint8Array(ports.backup.count);
  }

  static async read(ports: TablePlan, breath: Breath): Promise<Returning> {
    const returning = new Returning(ports);
    const { backup, outcomes } = ports;
    for (let i = 0; i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      if (outcomes[i] !== OUTCOME.INSERT) continue;
      const text = backup.text(i);
      const isTagged = text.includes(TAG_REQUEST) && hasAssignedTag(backup.row(i));
      if (isTagged) returning.tagged.push(backup.uuid(i));
      if (isTagged || backup.text(i).includes(ADDRESSES)) returning.mark(i);
    }
    return returning;
  }

  get count(): number {
    return this.total;
  }

  has(uuid: string): boolean {
    const index = this.ports.backup.find(uuid);
    return index !== undefined && this.marks[index] === 1;
  }

  private mark(index: number): void {
    this.marks[index] = 1;
    this.total++;
  }
}

/** A value of a returning port that another port has. */
interface TakenValue {
  readonly uuid: string;
  readonly column: typeof ASSIGNED_ADDRESSES | typeof ASSIGNED_TAG;
  /** UUID of the other port. */
  readonly by: string;
}

class TakenValues {
  private readonly found: TakenValue[] = [];

  constructor(
    private readonly after: PortsAfter,
    private readonly returning: Returning,
  ) {}

  async find(breath: Breath): Promise<readonly TakenValue[]> {
    for await (const ports of this.after.switchesWith((uuid) => this.returning.has(uuid), breath))
      await this.findAddresses(ports, breath);
    await this.findTags(breath);
    return this.found;
  }

  /** Among the ports of one switch. */
  private async findAddresses({ uuids, routerPorts }: SwitchPorts, breath: Breath): Promise<void> {
    /** Address -> UUID of the port that has it. */
    const owners = new Map<string, string>();
    const own = (uuid: string, addresses: readonly string[]): void => {
      for (const address of addresses) if (!owners.has(address)) owners.set(address, uuid);
    };
    const waiting: { readonly uuid: string; readonly assigned: readonly string[] }[] = [];
    for (const uuid of uuids) {
      if (breath.due()) await breath.rest();
      const row = this.after.row(uuid);
      const configured = configuredAddresses(row);
      const assigned = assignedAddresses(row);
      own(uuid, configured);
      own(uuid, routerPorts(row));
      if (!this.returning.has(uuid)) own(uuid, assigned);
      else waiting.push({ uuid, assigned: assigned.filter((address) => !configured.includes(address)) });
    }
    for (const { uuid, assigned } of waiting) {
      const by = assigned.map((address) => owners.get(address)).find((owner) => owner !== undefined && owner !== uuid);
      if (by === undefined) own(uuid, assigned);
      else this.found.push({ uuid, column: ASSIGNED_ADDRESSES, by });
    }
  }

  /** Among the ports of one parent. */
  private async findTags(breath: Breath): Promise<void> {
    const chosen = new Set(this.returning.tagged);
    if (chosen.size === 0) return;
    const waiting = this.returning.tagged.map((uuid) => [uuid, this.after.row(uuid)] as const);
    /** Parent and tag -> UUID of the port that has it. */
    const owners = new Map<string, string>();
    const keyOf = (row: Row, tag: string): string => `${tag} ${parentOf(row) ?? ''}`;
    const parents = new Set(waiting.map(([, row]) => parentOf(row)));
    for await (const [uuid, row] of this.after.nested(breath))
      if (!chosen.has(uuid) && parents.has(parentOf(row)))
        for (const tag of tagsOf(row)) owners.set(keyOf(row, tag), uuid);
    for (const [uuid, row] of waiting)
      for (const tag of tagsOf(row)) {
        const by = owners.get(keyOf(row, tag));
        if (by === undefined) owners.set(keyOf(row, tag), uuid);
        else this.found.push({ uuid, column: ASSIGNED_TAG, by });
      }
  }
}

function withoutValues(plan: Plan, ports: TablePlan, taken: readonly TakenValue[]): Plan {
  const edited = new EditableRows(ports.backup);
  const after = new PortsAfter(plan, ports);
  const warnings: string[] = [];
  for (const { uuid, column, by } of taken) {
    const row = edited.row(uuid) ?? {};
    const rest = Object.fromEntries(Object.entries(row).filter(([name]) => name !== column));
    edited.put(uuid, encodeRow(ports.table, rest, uuid));
    if (warnings.length === WARNINGS_MAX) continue;
    // values of an encrypted backup are not for everybody who may read its restores
    const [what, one] = column === ASSIGNED_TAG ? ['tag', 'it'] : ['dynamic addresses', 'one of them'];
    warnings.push(
      `${labelOf(ports.table, row, uuid)} comes back without its ${what}: ` +
        `${labelOf(ports.table, after.row(by), by)} has ${one} by now. northd chooses anew`,
    );
  }
  if (taken.length > WARNINGS_MAX) warnings.push(`and ${taken.length - WARNINGS_MAX} more of the kind`);
  const backup = edited.seal();
  return {
    ...plan,
    backup: { ...plan.backup, tables: new Map([...plan.backup.tables, [SWITCH_PORT, backup] as const]) },
    tables: plan.tables.map((draft) => (draft === ports ? { ...draft, backup } : draft)),
    warnings: [...plan.warnings, ...warnings],
  };
}
