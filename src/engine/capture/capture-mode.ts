/**
 * How a database is captured: FAST, in one request, or PACED, in many small ones (followed-database.ts tells the
 * difference).
 */
export type CaptureMode = 'FAST' | 'PACED';

/** AUTO: whichever is right for the database. */
export type CaptureRequest = CaptureMode | 'AUTO';

export interface ModeQuestion {
  readonly requested: CaptureRequest;
  readonly clustered: boolean;
  /**
   * How long the last FAST capture of this database kept the server silent, when there was one. (What a paced one did
   * tells nothing of it.)
   */
  readonly lastSilenceMs?: number | undefined;
  /** The longest silence that others should have to bear. */
  readonly silenceMaxMs: number;
}

/**
 * A leader that is silent for longer than the election timer is one no more; other clients of a lone server only wait.
 */
export function chooseMode({ requested, clustered, lastSilenceMs = 0, silenceMaxMs }: ModeQuestion): CaptureMode {
  if (requested !== 'AUTO') return requested;
  return clustered || lastSilenceMs > silenceMaxMs ? 'PACED' : 'FAST';
}
