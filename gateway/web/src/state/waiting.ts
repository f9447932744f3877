// Waits that a signal can end. None leaves a listener on it: a signal lives as long as a wall is shown, which may be weeks.

/** Resolves after so many milliseconds, or at once when the signal is aborted. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** Resolves with the next event of this name; rejects as `fetch` does when the signal is aborted. */
export function nextEvent(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = (): DOMException => new DOMException('stopped', 'AbortError');
    if (signal.aborted) return reject(stopped());
    const forget = (): void => {
      target.removeEventListener(name, came);
      signal.removeEventListener('abort', aborted);
    };
    const came = (): void => (forget(), resolve());
    const aborted = (): void => (forget(), reject(stopped()));
    target.addEventListener(name, came);
    signal.addEventListener('abort', aborted);
  });
}
