extension Command {
  static let completion = Command(
    name: "completion", usage: "bash|zsh", summary: "Print the completions of a shell, to be sourced by it.",
    options: [], examples: ["source <(slabmalloc completion bash)", "slabmalloc completion zsh >_slabmalloc"],
    body: { (options) throws(ToolError) in
      switch try options.operand("bash or zsh") {
      case "bash": Output.put(script)
      // zsh runs completions that were written for bash.
      case "zsh": Output.put("autoload -Uz bashcompinit && bashcompinit\n" + script)
      default: throw .usage("it takes bash or zsh")
      }
    })

  private static var script: String {
    var cases = ""
    for command in all {
      let words =
        command.options.map { "--" + ($0.name.hasSuffix("=") ? $0.name.dropLast() : $0.name[...]) } + ["--help"]
      cases += "    \(command.name)) words='\(words.joined(separator: " "))' ;;\n"
    }
    return """
      _slabmalloc() {
        local word=${COMP_WORDS[COMP_CWORD]} words
        case $COMP_CWORD,${COMP_WORDS[1]} in
          1,*) words='\(all.map { $0.name }.joined(separator: " ")) --help --version' ;;
          *) case ${COMP_WORDS[1]} in
      \(cases)    *) words= ;;
          esac ;;
        esac
        if [[ $COMP_CWORD -gt 1 && $word != -* ]]; then
          COMPREPLY=($(compgen -f -- "$word"))
          case ${COMP_WORDS[1]} in
            stat | heap | where | map | top | leaks)
              COMPREPLY+=($(cd /proc && compgen -G "$word*" | grep -x '[0-9]*'))
              ;;
          esac
        else
          COMPREPLY=($(compgen -W "$words" -- "$word"))
        fi
      }
      complete -F _slabmalloc slabmalloc

      """
  }
}
