/** SIGHUP: the configuration is read again, and as much of it is taken up as can be while the server runs. */
import type { App } from './app.js';
import { type LoadedConfig, laterSettings, readConfigAgain } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import type { Environment } from './config/settings.js';
import type { Log } from './lib/log.js';

/**
 * @param before what the server began with, or has taken up since
 * @returns what it has now; the same where the new one is broken
 */
export function reload(app: App, env: Environment, log: Log, before: LoadedConfig): LoadedConfig {
  let next: LoadedConfig;
  try {
    next = readConfigAgain(env, before);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error({ faults: error.faults }, 'the configuration is broken and was not taken up: nothing is changed');
    return before;
  }
  const { added, removed, moved, changed } = app.takeUp(next.config.databases);
  const later = laterSettings(before.values, next.values);
  log.info({ added, removed, moved, changed }, 'the configuration was read again: these databases were taken up');
  if (later.length > 0) log.warn({ settings: later }, 'changed settings that take effect at the next start only');
  // what waits for the next start goes on being named
  return { ...next, values: before.values };
}
