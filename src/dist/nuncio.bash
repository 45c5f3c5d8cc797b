# Completion of nuncio's command line for bash.

_nuncio_options() {
  case $1 in
    serve)
      echo "--gemini --gopher --host --certs --public-gemini-port --public-gopher-port --workers --lang --timeout" \
        "--limit --limit-loopback --cache --no-gophers --no-http-page --no-fast-kdf --user --no-sandbox" \
        "--log-requests --log-format --log-address --verbose --quiet -c --config --help --version"
      ;;
    cert) echo "--certs --new-key --days --help" ;;
    render) echo "--gopher --host --port --point --output -o --help" ;;
    check) echo "-c --config --at --host --timeout --json --i-own-this-host --help" ;;
    bench) echo "-c -n -d --timeout --resume --json --i-own-this-host --help" ;;
    *) echo "--help --version" ;;
  esac
}

# The names of the pairs in a folder of certificates that begin as the word does. They may hold anything, which compgen -W
# would take for a piece of a script.
_nuncio_certificates() {
  local folder=certs i file quoted
  for ((i = 2; i < ${#COMP_WORDS[@]} - 1; i++)); do
    [[ ${COMP_WORDS[i]} == --certs ]] && folder=${COMP_WORDS[i + 1]}
  done
  for file in "$folder"/*.crt; do
    [[ -e $file ]] || continue
    file=${file##*/}
    printf -v quoted %q "${file%.crt}"
    [[ $file == "$word"* || $quoted == "$word"* ]] && COMPREPLY+=("$quoted")
  done
}

_nuncio_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
}

_nuncio() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _nuncio_words "serve cert render check bench --help --version"
    return
  fi
  if [[ $before == -c && $command != bench ]]; then
    before=--config
  fi
  case $before in
    --config | --log-requests)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --log-format)
      _nuncio_words "plain combined json"
      return
      ;;
    --certs | --output | -o)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      return
      ;;
    --gemini | --gopher)
      if [[ $command == serve ]]; then
        _nuncio_words "off"
        return
      fi
      ;;
    --timeout)
      if [[ $command == serve ]]; then
        compopt -o nospace 2>/dev/null
        _nuncio_words "handshake= request= handle= write= drain="
        return
      fi
      ;;
    --limit)
      compopt -o nospace 2>/dev/null
      _nuncio_words "connections= address= requests= handshakes= request="
      return
      ;;
    --user)
      mapfile -t COMPREPLY < <(compgen -u -- "$word")
      return
      ;;
    --host | --public-gemini-port | --public-gopher-port | --workers | --lang | --cache | --port | --point | --days | \
      -c | -n | -d) return ;;
  esac
  if [[ $word == -* ]]; then
    _nuncio_words "$(_nuncio_options "$command")"
    return
  fi
  case $command in
    cert)
      if ((COMP_CWORD == 2)); then
        _nuncio_words "show new renew client"
      else
        _nuncio_certificates
      fi
      ;;
    serve)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    render)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    check)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    bench) _nuncio_words "gemini:// gopher:// gophers://" ;;
  esac
}

complete -F _nuncio nuncio
