import type { StillhereWarning } from 'stillhere/warning';

const ENGLISH = () => import('./texts/en.ts');
/** Loaded one by one. */
const LANGUAGES: Record<string, () => Promise<{ default: string[] }>> = {
  ar: () => import('./texts/ar.ts'),
  de: () => import('./texts/de.ts'),
  en: ENGLISH,
  es: () => import('./texts/es.ts'),
  fr: () => import('./texts/fr.ts'),
  it: () => import('./texts/it.ts'),
  ja: () => import('./texts/ja.ts'),
  ko: () => import('./texts/ko.ts'),
  nl: () => import('./texts/nl.ts'),
  pl: () => import('./texts/pl.ts'),
  pt: () => import('./texts/pt.ts'),
  zh: () => import('./texts/zh.ts'),
};

/**
 * The first language asked for that there are texts in, and those. With a text for `left` of its own the app may
 * ask for any that the platform speaks.
 */
export async function wordsIn(element: StillhereWarning): Promise<[string, string[]]> {
  for (const tag of [element.lang, document.documentElement.lang, ...navigator.languages]) {
    const language = tag.split(/\W|_/)[0]?.toLowerCase() ?? '';
    const load = LANGUAGES[language] ?? (element.texts?.left && ENGLISH);
    if (language && load) {
      return [language, (await load()).default];
    }
  }
  return ['en', (await ENGLISH()).default];
}

/** "in 20 seconds", "in 1 minute", by the plural and case rules of the language. */
export function timeIn(language: string, seconds: number): string {
  const isLong = seconds > 119 || seconds === 60;
  return new Intl.RelativeTimeFormat(language).format(
    isLong ? Math.round(seconds / 60) : seconds,
    isLong ? 'minute' : 'second',
  );
}

/** `00:47`, in the digits of the language. */
export function clockIn(language: string, seconds: number): string {
  const { format } = new Intl.NumberFormat(language, { minimumIntegerDigits: 2 });
  return `${format(Math.floor(seconds / 60))}:${format(seconds % 60)}`;
}
