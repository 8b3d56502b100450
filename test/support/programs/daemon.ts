/** Servers that tests start: they end when the test process does, however that ends. */
import { messageOf } from '../../../src/lib/error.js';
import { type Program, startProgram } from './programs.js';

/** For setpriv, before a command: the kernel ends it when who started it ends (prctl(2), PR_SET_PDEATHSIG). */
export const ENDING_WITH_US = ['--pdeathsig', 'KILL'] as const;
/** The exit code of setpriv when there is no such command. */
const COMMAND_NOT_FOUND = 127;

/** Starts a server that ends when this process does, however that ends. @throws Error that says what to install */
export async function startDaemon(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Program> {
  try {
    return await startProgram('setpriv', [...ENDING_WITH_US, ...command], { env });
  } catch (error) {
    throw new Error(`${messageOf(error)}; setpriv is in Debian's util-linux`, { cause: error });
  }
}

/** What a daemon that ended said. @param debianPackage that it is in */
export async function problemOf(program: Program, debianPackage: string): Promise<string> {
  const { code } = await program.ended;
  const where = code === COMMAND_NOT_FOUND ? `; it is in Debian's ${debianPackage}` : '';
  return `${program.stderr.trim()}${where}`;
}
