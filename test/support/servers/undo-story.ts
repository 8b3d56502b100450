/** What an undo is about, on a real server: a database before a restore, after it, and after what others did since. */
import { type KeptChange, type UndoMode, type UndoTarget, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { snapshotOf, type Tables, textsOf } from '../databases/every-kind.js';
import { Engine, keptChanges, planTo } from './engine.js';

export class UndoStory {
  private constructor(
    readonly engine: Engine,
    readonly changes: readonly KeptChange[],
    readonly live: Snapshot,
  ) {}

  /** A restore makes the database what `restored` says, and others then what `later` says. */
  static async tell(
    remote: string,
    schema: DatabaseSchema,
    before: Tables,
    restored: Tables,
    later: Tables,
  ): Promise<UndoStory> {
    const engine = new Engine(remote, schema.name);
    await become(engine, snapshotOf(schema, before));
    const plan = await become(engine, snapshotOf(schema, restored));
    await become(engine, snapshotOf(schema, later));
    return new UndoStory(engine, await keptChanges(plan), await engine.capture());
  }

  look(mode: UndoMode): Promise<UndoTarget> {
    return undoTarget(this.live, this.changes, mode, new Breath());
  }

  /** Undoes the restore: the server takes it, and holds then what was planned. @returns what it holds */
  async undo(mode: UndoMode): Promise<{ readonly after: Snapshot; readonly warnings: readonly string[] }> {
    const { target, conflicts, warnings } = await this.look(mode);
    expect(conflicts).toEqual([]);
    await become(this.engine, target);
    const after = await this.engine.capture();
    expect(textsOf(after)).toEqual(textsOf(target));
    return { after, warnings };
  }
}

export async function become(engine: Engine, target: Snapshot): ReturnType<typeof planTo> {
  const plan = await planTo(target, await engine.capture());
  expect(plan.problems).toEqual([]);
  if (plan.changeCount > 0) await engine.apply(plan);
  expect((await engine.verify(plan)).problems).toEqual([]);
  return plan;
}
