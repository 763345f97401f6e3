// In the order of `TEXTS` in ../options.ts.
export default [
  'Czy nadal tu jesteś?',
  'Przy zerze nastąpi wylogowanie. Dowolny klawisz, kliknięcie lub dotknięcie utrzyma sesję we wszystkich kartach.',
  'Wylogowanie nastąpi {time}.',
  'Jestem tutaj',
  'Wyloguj teraz',
  'Brak połączenia. Jeśli nie wróci na czas, nastąpi wylogowanie.',
  'Sprawdzamy, czy sesja nadal trwa',
  'Sesja została zakończona',
  'Zaloguj się ponownie',
  'Zbyt długo nie było żadnej aktywności.',
  'Twój czas pracy dobiegł końca.',
  'Sesję zakończył administrator albo nie jest już ważna.',
  'Wylogowano tutaj lub w innej karcie.',
  'Serwer był nieosiągalny, więc dla bezpieczeństwa nastąpiło wylogowanie.',
  'Dane logowania już nie istnieją.',
];
