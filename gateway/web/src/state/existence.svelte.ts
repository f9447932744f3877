// Whether what an address names is there. A list is asked first: a browser reports a question about nothing as an error.

import { Resource } from '../api/resource.svelte';

export interface Sought<T> {
  /** Whether a list that the page has names it; null while that is on its way. */
  listed: () => boolean | null;
  /** The address of a list with it alone. */
  list: () => string;
  count: (answer: T) => number;
  /** What is asked about it. */
  question: () => string;
}

export class Existence<T> {
  list: Resource<T>;
  /** Null while nobody knows. */
  isThere = $derived.by((): boolean | null => {
    const listed = this.sought.listed();
    if (listed !== false) return listed;
    return this.list.data === null || this.list.blurred ? null : this.sought.count(this.list.data) > 0;
  });
  /** The newest question about it that has an answer. */
  address = $state<string | null>(null);

  constructor(private readonly sought: Sought<T>) {
    this.list = new Resource<T>(() => (sought.listed() === false ? sought.list() : null));
    $effect(() => {
      const question = sought.question();
      if (this.isThere !== null) this.address = this.isThere ? question : null;
    });
  }
}
