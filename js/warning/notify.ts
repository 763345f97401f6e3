/** One notification for all tabs, by its tag: the last replaces those before it. Gives what takes it back. */
export function notify(
  title: string,
  options: NotificationOptions,
  clicked: (event: Event) => void,
): () => void {
  if (globalThis.Notification?.permission !== 'granted') {
    return () => {};
  }
  try {
    const notification = new Notification(title, { ...options, tag: 'stillhere' });
    notification.onclick = (event) => {
      focus();
      clicked(event);
    };
    return () => notification.close();
  } catch {
    // Chrome for Android has the class, and lets nobody but service workers use it.
    return () => {};
  }
}
