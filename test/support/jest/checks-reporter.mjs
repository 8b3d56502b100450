// A jest reporter for `npm test`, which sets WITH_CHECKS=1: runs the checks of `npm run check` beside the tests, and fails
// the run when one of them failed.

import { runChecks } from '../checks.mjs';

export default class ChecksReporter {
  #failed = Promise.resolve([]);

  onRunStart() {
    if (process.env.WITH_CHECKS === '1') this.#failed = runChecks((text) => process.stderr.write(text));
  }

  async onRunComplete(_contexts, results) {
    const failed = await this.#failed;
    for (const check of failed) process.stderr.write(`check: failed: ${check}\n`);
    // as of test files that could not run: jest ends with code 1, and the reporters after this one count them
    results.numRuntimeErrorTestSuites += failed.length;
  }
}
