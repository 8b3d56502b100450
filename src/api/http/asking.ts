/** A request as a command sees it: who asks, how, and the line that it leaves in the audit trail. */
import type { Viewer } from '../../auth/permission.js';
import type { Asking } from '../../service/command/perform.js';
import type { Spelling } from '../../service/command/spelling.js';
import { recordCall } from './audited-request.js';
import type { RequestScope } from './request-context.js';

export interface AskingRequest {
  readonly scope: RequestScope;
  readonly viewer: Viewer;
  readonly signal: AbortSignal;
  readonly spelling: Spelling;
}

export function askingOf({ scope, viewer, signal, spelling }: AskingRequest): Asking {
  const { address, via, requestId, audit, where } = scope;
  return {
    viewer,
    where,
    signal,
    spelling,
    caller: { subject: viewer.subject, address, via, requestId },
    trail:
      audit === undefined
        ? undefined
        : {
            admit: () => audit.admit(),
            keepsReading: (reading) => audit.keepsReading(reading),
            record: (line) => recordCall(scope, line),
          },
  };
}
