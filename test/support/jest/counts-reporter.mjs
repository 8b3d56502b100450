// A jest reporter for .ci/run: writes how many tests passed and failed to the file that
// TEST_COUNTS_FILE names. A test file that could not run at all counts as one failure.

import { writeFileSync } from 'node:fs';

export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const path = process.env.TEST_COUNTS_FILE;
    if (path === undefined || path === '') return;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    writeFileSync(path, `${results.numPassedTests} passed, ${failed} failed\n`);
  }
}
