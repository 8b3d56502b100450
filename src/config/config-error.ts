export class ConfigError extends Error {
  /** @param faults one line each, fit to be printed */
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
  }
}
