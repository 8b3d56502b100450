// A jest reporter beside the default one: after each file how far the run is, as a line of its own, with or without a
// terminal; at the end how many tests passed in how long.

const seconds = (ms) => `${Math.round(ms / 1_000)} s`;

export default class ProgressReporter {
  #began = Date.now();
  #files = 0;

  onRunStart({ numTotalTestSuites }) {
    this.#began = Date.now();
    if (numTotalTestSuites > 1) this.#say(`${numTotalTestSuites} files to run`);
  }

  onTestResult(_test, _result, { numTotalTestSuites, numFailedTests, numRuntimeErrorTestSuites }) {
    this.#files++;
    if (numTotalTestSuites === 1) return;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const faults = failed === 0 ? '' : `, ${failed} failed`;
    this.#say(`${this.#files} of ${numTotalTestSuites} files, ${seconds(Date.now() - this.#began)}${faults}`);
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests === 0 ? '' : `, ${numPendingTests} skipped`;
    this.#say(`${numPassedTests} passed, ${failed} failed${skipped}, in ${seconds(Date.now() - this.#began)}`);
  }

  #say(line) {
    process.stderr.write(`tests: ${line}\n`);
  }
}
