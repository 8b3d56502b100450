/**
 * Places for spools: files that hold an import while it arrives, or an export while it is taken. They are what lets
 * slow clients hold neither memory nor a turn for heavy work. They take disk space instead, so only so many are there
 * at once, shared between the tokens.
 */
import { AppError } from '../../lib/error.js';
import { Places } from '../job/places.js';

const RETRY_AFTER_SECONDS = 10;

export class SpoolPlaces {
  private readonly places: Places;

  /** @param what for messages: imports */
  constructor(
    private readonly what: string,
    placesMax: number,
  ) {
    this.places = new Places(placesMax);
  }

  /**
   * A place for one more.
   * @returns what gives it back; what is done twice counts once
   * @throws AppError RATE_LIMITED when there is none for this subject
   */
  take(subject: string): () => void {
    const giveBack = this.places.take(subject);
    if (giveBack === undefined)
      throw new AppError(
        'RATE_LIMITED',
        `${this.places.count} ${this.what} are under way already: try again when one of them has ended`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    return giveBack;
  }
}
