/**
 * `npm start`: reads the configuration, starts the server, takes up changed databases on SIGHUP, and lets it end well
 * on SIGTERM or SIGINT.
 */
import { type App, startApp } from './app.js';
import { type LoadedConfig, readConfig } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import { AppError, errnoOf } from './lib/error.js';
import { createLog } from './lib/log.js';
import { explained } from './lib/system-error.js';
import { reload } from './reload.js';

const EXIT_CONFIGURATION = 2;
const EXIT_FAILURE = 1;

function configuration(): LoadedConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${fault}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}

/**
 * Whether the message alone says what to do: a folder, a port or a file is not as it must be. A stack belongs to
 * faults of the program.
 */
function isOperators(error: unknown): boolean {
  if (error instanceof AppError) return error.code !== 'INTERNAL';
  if (errnoOf(error) !== undefined) return true;
  return error instanceof Error && error.constructor === Error && !error.message.startsWith('Bug: ');
}

/** The token on the start that made it, its file on every start. */
function aboutFirstToken({ firstToken: { token, tokenFile } = {} }: App): string {
  if (tokenFile === undefined) return '';
  return token === undefined
    ? `The admin token of the first start is in ${tokenFile}\n`
    : `This first start made an admin token, kept in ${tokenFile} and shown only now:\n${token}\n`;
}

// what cannot be told there, such as on a full disk, must not end the server
process.stderr.on('error', () => undefined);
let loaded = configuration();
const { config } = loaded;
const log = createLog(config.logLevel);
/** Without a file there is nothing that could have changed, and the signal means that the terminal is gone. */
const hasFile = (process.env['OVNCP_CONFIG'] ?? '') !== '';
let isAsked = false;
let readAgain = (): void => {
  isAsked = true;
};
if (hasFile) process.on('SIGHUP', () => readAgain());
try {
  const app = await startApp(config, log, {
    // as at a crash: whoever has the folder now takes care of what was under way
    onFolderLost: (error) => {
      log.fatal({ problem: error.message }, 'the server ends');
      process.stderr.write(`The server ends: ${error.message}\n`);
      process.exit(EXIT_FAILURE);
    },
  });
  process.stderr.write(`OVN backup and restore listens on ${app.url}: GraphQL and its IDE at ${app.url}/graphql\n`);
  process.stderr.write(aboutFirstToken(app));
  readAgain = () => {
    loaded = reload(app, process.env, log, loaded);
  };
  // while it started
  if (isAsked) readAgain();
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // whoever asks twice does not want to wait: what was sent is found out about by the next start
      if (stopping) process.exit(EXIT_FAILURE);
      stopping = true;
      log.info({ signal }, 'draining: running work ends, new work is refused; a second signal ends it at once');
      app.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'the server did not end well');
          process.exit(EXIT_FAILURE);
        },
      );
    });
  }
} catch (error) {
  if (!isOperators(error)) log.error({ err: error }, 'the server could not start');
  process.stderr.write(`The server could not start: ${explained(error)}\n`);
  process.exit(EXIT_FAILURE);
}
