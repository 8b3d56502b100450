/** Names of what a process writes that are the same in every run: kinds and phases instead of ids. */
import type { AuditEvent } from '../../src/service/audit/audit-line.js';

const RECORD = /^restores\/([^.]+)\.(json|undo\.gz|changes\.gz|reserved)$/;
const PARTS: Readonly<Record<string, string>> = {
  'undo.gz': 'undo list',
  'changes.gz': 'change list',
  reserved: 'reserved space',
};

interface Recorded {
  readonly phase: string;
  readonly source: { readonly kind: string };
}

export class Names {
  /** Restore id -> "restore" or "undo". */
  private readonly kinds = new Map<string, string>();

  /** @param bytes of the object, where they are whole */
  ofObject(key: string, bytes: Uint8Array | undefined): string {
    const [, id = '', part = ''] = RECORD.exec(key) ?? [];
    if (id === '') return key.replaceAll(/[0-9a-f-]{36}|\d{8}-\d{6}/g, '*');
    if (part !== 'json') return `${this.kindOf(id)} ${PARTS[part] ?? part}`;
    if (bytes === undefined) return `${this.kindOf(id)} record`;
    const { phase, source } = JSON.parse(Buffer.from(bytes).toString()) as Recorded;
    this.kinds.set(id, source.kind === 'UNDO' ? 'undo' : 'restore');
    return `${this.kindOf(id)} ${phase}`;
  }

  ofLine({ action, result }: AuditEvent): string {
    return `line ${action} ${result}`;
  }

  private kindOf(id: string): string {
    return this.kinds.get(id) ?? 'restore';
  }
}
