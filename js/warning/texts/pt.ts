// In the order of `TEXTS` in ../options.ts.
export default [
  'Ainda está aí?',
  'Ao chegar a zero, a sessão termina. Qualquer tecla, clique ou toque mantém a sessão em todos os separadores.',
  'A sessão terminará {time}.',
  'Estou aqui',
  'Terminar sessão',
  'Sem ligação. Se não voltar a tempo, a sessão termina.',
  'A verificar se a sessão ainda está aberta',
  'A sessão terminou',
  'Iniciar sessão de novo',
  'Não houve atividade durante demasiado tempo.',
  'O seu horário de trabalho terminou.',
  'A sessão foi terminada pela administração ou já não é válida.',
  'Terminou a sessão, aqui ou noutro separador.',
  'Não foi possível contactar o servidor. Por segurança, a sessão foi terminada.',
  'O seu início de sessão já não existe.',
];
