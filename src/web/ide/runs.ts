/**
 * What runs in each tab. GraphiQL knows one operation at a time: it gives a subscription up when its tab is left, shows
 * an answer in whatever tab is in front by then, and of many events keeps the last. So what runs is kept here, tab by
 * tab, and GraphiQL is given a view of it, which it may leave and is given again when somebody comes back to the tab.
 */

/** What is shown, as JSON: an answer, or all events of a subscription. */
export type Result = object;

/** Sends an operation. @returns what ends it */
export type Send = (show: (result: Result) => void, over: () => void) => () => void;

/** What GraphiQL can be told to do: give up its view, and ask for another one. */
export interface Stage {
  stop(): void;
  run(): void;
}

/** An operation of a tab, sent once. */
class Run {
  /** The last one that is to be shown. */
  result: Result | undefined;
  isOver = false;
  view: View | undefined;
  readonly end: () => void;

  constructor(send: Send) {
    const end = send(
      (result) => {
        this.result = result;
        this.view?.look();
      },
      () => this.over(),
    );
    this.end = () => {
      end();
      this.over();
    };
  }

  private over(): void {
    this.isOver = true;
    this.view?.look();
  }
}

/** A run as GraphiQL reads it: the last result whenever it is another one. */
class View implements AsyncIterableIterator<Result> {
  isLeft = false;
  private shown: Result | undefined;
  private wake: (() => void) | undefined;

  /**
   * @param onLeft called when GraphiQL gives it up
   * @param onSeen called when all of it was shown
   */
  constructor(
    private readonly run: Run,
    private readonly onLeft: () => void,
    private readonly onSeen: () => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Result>> {
    for (;;) {
      const { result, isOver } = this.run;
      if (!this.isLeft && result !== undefined && result !== this.shown) {
        this.shown = result;
        return { done: false, value: result };
      }
      if (isOver && !this.isLeft) this.onSeen();
      if (isOver || this.isLeft) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Result>> {
    if (!this.isLeft) {
      this.isLeft = true;
      this.look();
      this.onLeft();
    }
    return { done: true, value: undefined };
  }

  look(): void {
    this.wake?.();
  }
}

export class Runs {
  /** By tabs: what still runs, or has ended without being shown to its end. */
  private readonly runs = new Map<string, Run>();
  private front = '';
  private resuming: Run | undefined;
  /** Whose view GraphiQL has just given up: the next moment shows why. */
  private leaving: string | undefined;
  private settling: number | undefined;
  private isSettling = false;

  constructor(private readonly stage: Stage) {}

  /** A view of the run that somebody has come back to, or of a new one. */
  view(send: Send): AsyncIterableIterator<Result> {
    const tab = this.front;
    let run = this.resuming;
    if (run === undefined) {
      this.end(tab);
      run = new Run(send);
      this.runs.set(tab, run);
    }
    const shown = run;
    run.view = new View(
      run,
      () => this.left(tab),
      () => {
        if (this.runs.get(tab) === shown) this.runs.delete(tab);
      },
    );
    return run.view;
  }

  /** Told of the tabs that there are, and of the one in front, also where nothing has changed. */
  tabsAre(tabs: readonly string[], front: string): void {
    this.front = front;
    this.leaving = undefined;
    for (const tab of [...this.runs.keys()]) if (!tabs.includes(tab)) this.end(tab);
    const isRight = [...this.runs].every(([tab, { view }]) => (view !== undefined && !view.isLeft) === (tab === front));
    if (!isRight && !this.isSettling) this.settling ??= window.setTimeout(() => this.settle(), 0);
  }

  /** GraphiQL gives a view up when its tab is left, of which tabsAre() is told next, or when somebody stops the run. */
  private left(tab: string): void {
    if (this.isSettling) return;
    this.leaving = tab;
    queueMicrotask(() => {
      if (this.leaving === tab) this.end(tab);
    });
  }

  private end(tab: string): void {
    this.runs.get(tab)?.end();
    this.runs.delete(tab);
  }

  /** Shows what runs in the tab in front, and nothing that runs in another one. */
  private settle(): void {
    this.settling = undefined;
    this.isSettling = true;
    this.stage.stop();
    this.resuming = this.runs.get(this.front);
    if (this.resuming !== undefined) this.stage.run();
    this.resuming = undefined;
    this.isSettling = false;
  }
}
