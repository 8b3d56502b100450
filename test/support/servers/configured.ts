/** Configuration files for tests: databases on test servers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestEntry {
  readonly id: string;
  readonly remotes: string;
  readonly schema?: string;
  readonly label?: string;
  readonly default?: boolean;
  readonly runtimeKeys?: readonly string[];
}

export class TestConfigFile implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async make(databases: readonly TestEntry[], more: object = {}): Promise<TestConfigFile> {
    const file = new TestConfigFile(await mkdtemp(join(tmpdir(), 'ovncp-config-')));
    await file.write(databases, more);
    return file;
  }

  get path(): string {
    return join(this.folder, 'ovncp.yaml');
  }

  /** JSON is YAML too. */
  async write(databases: readonly TestEntry[], more: object = {}): Promise<void> {
    await writeFile(this.path, JSON.stringify({ ...more, databases }, undefined, 2), { mode: 0o600 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
