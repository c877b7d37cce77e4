# A formula for Homebrew; the release fills in what stands between @.
class AmpStack < Formula
  desc "Metrics of Amazon ECS applications in Amazon Managed Service for Prometheus"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license "Apache-2.0"

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/amp-stack-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@aarch64-apple-darwin@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/amp-stack-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/amp-stack-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/amp-stack-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "amp-stack"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/amp-stack.bash" => "amp-stack"
    zsh_completion.install "completions/amp-stack.zsh" => "_amp-stack"
    fish_completion.install "completions/amp-stack.fish"
  end

  test do
    system bin/"amp-stack", "--version"
  end
end
