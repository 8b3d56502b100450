/** One case of the oracle: all that happens is chosen by its seed. */
import { type Outcome, told, toldChanges } from './answer.js';
import { type Choice, chooseRestore, chooseSelection, requestOf } from './choice.js';
import { type Content, differencesBetween, nameOf, type Place } from './content.js';
import { Dice } from './dice.js';
import { countLaws, dryRunLaws, nothingLaws, refusalLaws } from './laws/answer-laws.js';
import { copyLaws } from './laws/copy-laws.js';
import { equalLaws } from './laws/equal-laws.js';
import { partLaws } from './laws/part-laws.js';
import { conflictLaws, insertLaws, overwriteLaws, soundLaws, untouchedLaws } from './laws/row-laws.js';
import { undoLaws } from './laws/undo-laws.js';
import { NetworkMaker } from './network.js';
import { Others } from './others.js';
import { mayBeRefused } from './refusal.js';
import type { Stage, Stages } from './stage.js';
import { Trial } from './trial.js';

const RELEASES = ['20.12', '23.03', '26.03'] as const;

export interface Verdict {
  readonly seed: number;
  /** Restores and undos, dry runs too. */
  readonly restores: number;
  readonly problems: readonly string[];
  /** What kinds of restores and undos there were, and how they ended. */
  readonly kinds: readonly string[];
  /** What happened, for whoever looks into a problem. */
  readonly story: readonly string[];
}

export async function runCase(stages: Stages, seed: number): Promise<Verdict> {
  const dice = new Dice(seed);
  const stage = await stages.of(dice.pick(RELEASES));
  const run = new CaseRun(stage, dice, seed);
  await run.run();
  const { restores, problems, kinds, story } = run;
  return { seed, restores, problems: [...new Set(problems)], kinds, story };
}

class CaseRun {
  restores = 0;
  readonly problems: string[] = [];
  readonly kinds: string[] = [];
  readonly story: string[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly dice: Dice,
    private readonly seed: number,
  ) {}

  async run(): Promise<void> {
    const { stage, dice } = this;
    const { schema, client } = stage;
    const maker = new NetworkMaker(schema, dice, dice.chance(0.12));
    await stage.set(maker.make());
    const database = await stage.read();
    const own = dice.chance(0.15) ? chooseSelection(schema, database, dice) : undefined;
    const made = await stage.backUp(`seed ${this.seed}`, own);
    const backupId = made.id;
    const backup = own === undefined ? database : await stage.held(backupId, database);
    const others = new Others(client, schema, maker, dice);
    await others.change(dice.below(3) + dice.below(9));
    const before = await stage.read();
    const choice = chooseRestore(schema, backup, before, dice, own);
    const { mapped: _, ...asked } = choice;
    this.story.push(`OVN ${schema.release}`, ...others.deeds, `restore: ${JSON.stringify(asked)}`);
    const done = await this.restore(made, choice, backup, before);
    if (done !== undefined) await this.undo(done.id, before, done.restored, others, choice);
    await stage.forget(backupId);
  }

  private note(law: string, problems: Iterable<string>): void {
    for (const problem of problems) this.problems.push(`${law}: ${problem}`);
  }

  private heard(what: string, outcome: Outcome): void {
    this.restores++;
    const changes = what.includes('dry') ? [] : toldChanges(outcome);
    this.story.push(
      `${what} ${told(outcome)}`,
      ...changes,
      ...outcome.warnings.map((warning) => `    warning: ${warning}`),
    );
  }

  /** @returns undefined when there is nothing to undo */
  private async restore(
    { id: backupId, pulledIn }: { readonly id: string; readonly pulledIn: readonly string[] },
    choice: Choice,
    backup: Content,
    before: Content,
  ): Promise<{ readonly id: string; readonly restored: Content } | undefined> {
    const { stage } = this;
    const { schema } = stage;
    const request = requestOf(backupId, choice);
    const dry = await stage.restore({ ...request, dryRun: true });
    this.heard('the dry run', dry);
    this.note('dry run', nothingLaws(schema, 'a dry run', before, await stage.read()));
    const real = await stage.restore(request);
    this.heard('the restore', real);
    this.kinds.push(`${kindOf(choice)}: ${endOf(real)}`);
    const restored = await stage.read();
    this.note('dry run', dryRunLaws(dry, real, choice.policy === 'RENAME'));
    const all = { ...real, pulledIn: [...real.pulledIn, ...pulledIn] };
    const trial = new Trial(schema, choice, backup, before, restored, all);
    if (!real.success) {
      this.note('refused', nothingLaws(schema, 'a refused restore', before, restored));
      const lacking = choice.mistake === undefined ? [] : [choice.mistake];
      this.note('refused', refusalLaws(schema, 'the restore', real, [backup, before], lacking));
      if (choice.mistake === undefined && !mayBeRefused(trial))
        this.problems.push(`refused: without a reason: ${told(real)}`);
      if (choice.policy === 'ERROR' && choice.mistake === undefined) this.note('ERROR', conflictLaws(trial));
      return undefined;
    }
    if (choice.mistake !== undefined) this.problems.push(`request: ${choice.mistake} was accepted`);
    this.judge(trial);
    // a filter may have named a row that is gone now, and a mapping a row of whose name there are two now
    const namesGone = [...trial.deleted].some((uuid) => trial.livePart.named.has(uuid));
    const isMeant = ({ row }: Place): boolean => nameOf(row) === choice.mapping?.to;
    const namesTwo = [...trial.rows.after.values()].filter(isMeant).length > 1;
    if (choice.policy !== 'RENAME' && !namesGone && !namesTwo) await this.again(request, restored);
    return trial.differences.length === 0 || real.id === undefined ? undefined : { id: real.id, restored };
  }

  private judge(trial: Trial): void {
    const { policy } = trial.choice;
    this.note('answer', countLaws(trial.outcome, trial.differences));
    this.note('sound', soundLaws(trial));
    this.note('filter', partLaws(trial));
    if (policy === 'RENAME') {
      this.note('RENAME', copyLaws(trial));
      return;
    }
    this.note('insert', insertLaws(trial));
    const { exact, filter, mapping } = trial.choice;
    if (exact && filter === undefined && mapping === undefined)
      this.note('exact', equalLaws(trial.schema, trial.backup, trial.after));
    if (policy === 'OVERWRITE') this.note(exact ? 'exact' : 'OVERWRITE', overwriteLaws(trial));
    else this.note(policy, untouchedLaws(trial));
    if (policy === 'ERROR') this.note('ERROR', conflictLaws(trial));
  }

  /** The same restore a second time changes nothing. */
  private async again(request: ReturnType<typeof requestOf>, restored: Content): Promise<void> {
    const outcome = await this.stage.restore(request);
    this.heard('the second restore', outcome);
    if (!outcome.success) this.problems.push(`again: the second restore was refused: ${told(outcome)}`);
    this.note('again', nothingLaws(this.stage.schema, 'a second restore', restored, await this.stage.read()));
    if (outcome.restored + outcome.deleted > 0) this.problems.push(`again: the second restore counts ${told(outcome)}`);
  }

  private async undo(id: string, before: Content, restored: Content, others: Others, choice: Choice): Promise<void> {
    const { stage, dice } = this;
    const { schema } = stage;
    const earlier = others.deeds.length;
    const touched = differencesBetween(schema, before, restored);
    others.aim = new Set(touched.map(({ uuid }) => uuid));
    others.lostNames = touched.flatMap(({ table, before: was, after }) => {
      const name = was === undefined ? '' : nameOf(was);
      return name === '' || (after !== undefined && nameOf(after) === name) ? [] : [{ table: table.name, name }];
    });
    if (dice.chance(0.5)) await others.change(1 + dice.below(3));
    this.story.push(...others.deeds.slice(earlier).map((deed) => `meanwhile ${deed}`));
    let since = await stage.read();
    const isAlone = differencesBetween(schema, restored, since).length === 0;
    for (const force of [false, true]) {
      const dry = await stage.undo(id, { force, dryRun: true });
      this.heard(force ? 'the forced dry undo' : 'the dry undo', dry);
      this.note('undo', nothingLaws(schema, 'a dry run of an undo', since, await stage.read()));
      const outcome = await stage.undo(id, { force, dryRun: false });
      this.heard(force ? 'the forced undo' : 'the undo', outcome);
      this.note('undo', dryRunLaws(dry, outcome, false));
      this.kinds.push(`${force ? 'forced ' : ''}undo${isAlone ? '' : ' after others wrote'}: ${endOf(outcome)}`);
      const after = await stage.read();
      if (outcome.success) {
        const undone = { schema, before, restored, since, after, force, warnings: outcome.warnings };
        this.note('undo', undoLaws(undone));
        this.note('undo', countLaws(outcome, differencesBetween(schema, since, after)));
        return;
      }
      this.note('undo', nothingLaws(schema, 'a refused undo', since, after));
      this.note('undo', refusalLaws(schema, 'the undo', outcome, [before, restored, since], []));
      if (isAlone || force) this.problems.push(`undo: refused without a reason (${choice.policy}): ${told(outcome)}`);
      since = after;
    }
  }
}

function kindOf({ policy, exact, filter, isSelective, mapping }: Choice): string {
  return [
    policy,
    ...(exact ? ['exact'] : []),
    ...(isSelective ? ['of a selective backup'] : filter === undefined ? [] : ['with a filter']),
    ...(mapping === undefined ? [] : ['with a mapping']),
  ].join(' ');
}

function endOf({ success, problems, changes }: Outcome): string {
  if (success) return changes.length === 0 ? 'nothing to change' : 'succeeded';
  return `refused, ${problems[0]?.code ?? ''}`;
}
