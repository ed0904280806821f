@echo off
rem Runs Medoid's command line; builds it first where it is missing.
setlocal
set "here=%~dp0"
set "classpath_file=%here%training\target\classpath"
if defined JAVA_HOME (set "java=%JAVA_HOME%\bin\java.exe") else (set "java=java")
if defined JAVA_HOME if not exist "%java%" (echo medoid: JAVA_HOME is %JAVA_HOME%, where there is no bin\java.exe; set it to a JDK 17 or newer 1>&2 & exit /b 1)
set "version="
for /f "tokens=3" %%v in ('call "%java%" -version 2^>^&1 ^| findstr /c:" version "') do if not defined version set "version=%%~v"
if not defined version (echo medoid: no java found; install a JDK 17 or newer, or set JAVA_HOME 1>&2 & exit /b 1)
for /f "delims=.-+" %%m in ("%version%") do set "major=%%m"
if %major% LSS 17 (echo medoid: %java% is Java %version%; Medoid needs 17 or newer ^(set JAVA_HOME^) 1>&2 & exit /b 1)
if exist "%classpath_file%" goto run
echo medoid: building; the first build fetches about 450 MB 1>&2
pushd "%here%"
call mvn -q -B -pl training -am -Dmaven.test.skip=true -Dmaven.source.skip=true package 1>&2
if errorlevel 1 (popd & echo medoid: the build failed 1>&2 & exit /b 1)
popd
:run
if not defined TF_CPP_MIN_LOG_LEVEL set TF_CPP_MIN_LOG_LEVEL=3
if not defined ONEDNN_MAX_CPU_ISA set ONEDNN_MAX_CPU_ISA=AVX2
rem Newer Javas warn of what TensorFlow Java's libraries do unless it is allowed; older ones do not know the words.
set "options="
if %major% GEQ 22 set "options=--enable-native-access=ALL-UNNAMED"
if %major% GEQ 23 set "options=%options% --sun-misc-unsafe-memory-access=allow"
rem The class path is too long for a command line here: java reads it from an argument file.
set "arguments=%TEMP%\medoid-%RANDOM%.args"
<nul set /p "=-cp " > "%arguments%"
powershell -NoProfile -Command "'\"' + '%here%training\target\classes;'.Replace('\','\\') + (Get-Content -Raw '%classpath_file%').Trim().Replace('\','\\') + '\"'" >> "%arguments%"
"%java%" %options% -Djava.awt.headless=true %MEDOID_OPTS% @"%arguments%" org.medoid.training.cli.Medoid %*
set "code=%errorlevel%"
del "%arguments%"
exit /b %code%
