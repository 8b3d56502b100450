// The environment of a test file (see native-runtime.cjs): this process as it is, with no world of its own (vm.Context)
// for each file.
import { ModuleMocker } from 'jest-mock';

/** What jest-circus leaves in the process: the tests of a file, with all that they hold. */
const CIRCUS_STATE = 'JEST_STATE_SYMBOL';

export default class ThisProcess {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;
  // jest puts its own in their place for the time of a test file
  #console = globalThis.console;
  #exit = process.exit;

  async setup() {}

  async teardown() {
    globalThis.console = this.#console;
    process.exit = this.#exit;
    for (const symbol of Object.getOwnPropertySymbols(globalThis))
      if (symbol.description === CIRCUS_STATE) delete globalThis[symbol];
  }

  /** Asked for by modules that jest loads, and it loads none. */
  getVmContext() {
    return null;
  }
}
