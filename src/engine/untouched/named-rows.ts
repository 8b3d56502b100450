/** Rows to be told of: the first of them by name, and how many there are. */

const NAMED_MAX = 5;

export class NamedRows {
  private readonly labels: string[] = [];
  private total = 0;

  get count(): number {
    return this.total;
  }

  /** @param label made only of those that are named */
  add(label: () => string): void {
    if (this.total++ < NAMED_MAX) this.labels.push(label());
  }

  /** `switch "a", switch "b" and 3 more`. @param total how many there are, where more are known of */
  named(total = this.total): string {
    const more = total - this.labels.length;
    return `${this.labels.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
}
